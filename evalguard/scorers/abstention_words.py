"""Words of the rules that find abstentions, as parts of patterns in lower case."""

from __future__ import annotations

SOURCE_WORD = (
    r"(?:text|passage|context|article|document|story|report|paragraph|excerpt|source|information|"
    r"material|letter|note|page|data|snippet|extract|reading|conversation|transcript|statement|"
    r"description|author|content|abstract|chapter|email|message|input|background|knowledge base|"
    r"search results|documentation|above|memo|minutes|form|table|figure|section|announcement|"
    r"review|"
    r"advert|poster|diary|recipe|log|book|novel|speech|interview|chart|graph|scene|poem|file|"
    r"record|"
    r"contract|manual|brochure|website|post|narrator|writer|summary|quote|sentence|details?|"
    r"manuscript|dialogue|play|lecture|biography|essay|dossier|study|paper|leaflet|listing|"
    r"specification|database|slide|"
    r"podcast|speaker|video|image|column|list|newsletter|blog|minutes|record|facts?|graphic)s?"
)
"""What a text is called, without its article."""

SOURCE = (
    r"(?:(?:the|this|that|these|those|your|its?|any|either|given|provided|above|supplied|"
    rf"available|of) )*{SOURCE_WORD}"
)
"""A text as a sentence names it."""

SAY = (
    r"(?:say|mention|state|specify|tell|give|provide|indicate|include|contain|reveal|explain|name|"
    r"describe|answer|cover|discuss|address|disclose|list|identify|clarify|note|talk|go into|refer|"
    r"elaborate|detail|offer|present|have|hold|touch|support|confirm|record|report|"
    r"express|define|(?:allow|permit|let|help) (?:us|me|you|one|readers)|let on|(?:allow|"
    r"permit) (?:for )?an?(?: \w+)? (?:answer|conclusion)|shed|speak|get into|gets? around to|"
    r"gets? to|goe?s? as far as|bothers? to|"
    r"comment|narrow|settle|establish|make (?:it )?clear)"
)
"""What a text does, in the infinitive."""

SAID = (
    r"(?:said|mentioned|stated|specified|told|given|provided|indicated|included|revealed|explained|"
    r"named|described|covered|known|clear|answerable|determined|discussed|addressed|disclosed|"
    r"identified|clarified|detailed|spelled out|recorded|supplied|referenced|reported|in there|"
    r"evident|noted|listed|shown|documented|printed|quoted|tracked|broken down|entered|filled in|"
    r"written down|spelt out|touched (?:up)?on|set out)"
)
"""What is done in a text, as a participle."""

NOUN = (
    r"(?:mention|information|info|indication|reference|details?|data|evidence|answer|clue|hint|"
    r"word|record|way|specifics|sign|trace|explicit \w+|direct \w+|statement|description|basis|"
    r"discussion|specific \w+|such \w+|clear \w+)"
)
"""What a text has none of."""

CANNOT = r"(?:cannot|can't|could not|couldn't|am unable to|was unable to|am not able to|can not)"
"""Denies an ability."""

FIND_OUT = (
    r"(?:tell|determine|say|know|infer|find|conclude|answer|locate|see|identify|provide|confirm|"
    r"establish|deduce|give|work out|figure out|make out|pinpoint|pin down|specify|compute|"
    r"calculate|verify|derive|be (?:sure|certain))"
)
"""What the speaker cannot do with a question."""

HELD = (
    r"(?:agenda|agreement|bill|calendar|catalog(?:ue)?|certificate|changelog|chart|"
    r"documentation|docs|e-mails?|faqs?|folder|guide|handbook|"
    r"help (?:cent(?:er|re)|pages?)|inbox|inventory|invoice|judg(?:e?ment)|knowledge base|"
    r"(?:\w+ )?logs?|manual|menu|polic(?:y|ies)|prescription|prospectus|readme|receipt|recordings?|"
    r"register|reports?|schedule|(?:spread)?sheet|statute|summary|terms|thread|ticket|timetable|"
    r"warranty|wiki)"
)
"""What a team keeps; "the policy doesn't cover it" is an answer, "doesn't mention it" is none."""

WANTED = (
    r"(?:name|date|year|month|day|time|age|price|cost|amount|sum|number|figure|reason|cause|"
    r"location|"
    r"place|destination|identity|title|duration|length|size|colou?r|answer|detail|information|data|"
    r"address|value|fact|height|width|weight|depth|speed|score|author|owner|sender)"
)
"""What a question asks for."""
