"""Personal data and secrets in training rows, by documented patterns.

=============== =====================================================================
kind            what counts
=============== =====================================================================
email           an address; those of the reserved domains of RFC 2606 do not count
phone           an international number with ``+``, or a North American one with its
                separators
credit card     13–19 digits from 2…–6… on that pass the Luhn check (ISO/IEC 7812-1)
IBAN            country code, check digits and account that pass mod 97 (ISO 13616)
SSN             a US social security number in the form 123-45-6789, unassigned ranges
                left out
IP address      a public IPv4 address
secret          a private key block, a signed JSON Web Token (RFC 7519), or a key in the
                published form of AWS, Azure, GitHub, GitLab, Slack, Stripe, Google, OpenAI,
                Anthropic, Hugging Face, npm, PyPI, SendGrid or Twilio
=============== =====================================================================

Names and postal addresses have no pattern and are not looked for.
"""

from __future__ import annotations

import base64
import ipaddress
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from evalguard.training.audit_findings import SHOWN_EVIDENCE, AuditFinding, Level, Location
from evalguard.training.audit_words import whole
from evalguard.training.formats import Example

_RESERVED = re.compile(
    r"@(?:[\w-]+\.)*(?:example\.(?:com|net|org)|example|test|invalid|localhost)$"
)


def _no_reserved_domain(match: str) -> bool:
    return not _RESERVED.search(match.casefold())


def _luhn(match: str) -> bool:
    digits = [int(sign) for sign in reversed(match) if sign.isdigit()]
    doubled = [d if i % 2 == 0 else sum(divmod(2 * d, 10)) for i, d in enumerate(digits)]
    return 13 <= len(digits) <= 19 and len(set(digits)) > 1 and sum(doubled) % 10 == 0


def _mod_97(match: str) -> bool:
    plain = match.replace(" ", "").upper()
    moved = plain[4:] + plain[:4]
    return int("".join(str(int(sign, 36)) for sign in moved)) % 97 == 1


def _public(match: str) -> bool:
    try:
        return ipaddress.ip_address(match).is_global
    except ValueError:
        return False


def _any(match: str) -> bool:
    return True


def _drawn(match: str) -> bool:
    """Whether a key may be random: words alone have no digit, and a token's header is JSON."""
    header, _, rest = match.partition(".")
    if not (header.startswith("eyJ") and rest):
        return "PRIVATE KEY" in match or any(map(str.isdigit, match))
    try:
        content = json.loads(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4)))
    except ValueError:
        return False
    return "alg" in content


_SECRETS = (
    r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----",
    r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{20,}",  # JSON Web Token
    r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",
    r"\bgh[pousr]_[A-Za-z0-9]{36,}|\bgithub_pat_\w{36,}|\bglpat-[\w-]{20,}",
    r"\bxox[abprs]-[\w-]{10,}|\bxapp-\d-[\w-]{20,}",
    r"\b[sr]k_live_[A-Za-z0-9]{20,}",
    r"\bAIza[\w-]{35}\b|\bsk-(?:ant-|proj-)?[\w-]{32,}|\bhf_[A-Za-z0-9]{30,}",
    r"\bnpm_[A-Za-z0-9]{36}\b|\bpypi-AgE[\w-]{50,}",
    r"\bSG\.[\w-]{22}\.[\w-]{43}(?![\w-])",  # SendGrid
    r"\b(?:AC|SK)[0-9a-f]{32}\b",  # Twilio
    r"\b(?:Account|SharedAccess)Key=[A-Za-z0-9+/]{40,}={0,2}",  # Azure, connection strings
    r"(?<![\w~.-])[\w~.-]{3}\dQ~[\w~.-]{31,34}(?![\w~.-])",  # Microsoft Entra
    r"\b[A-Za-z0-9]{52}JQQJ99[A-Za-z0-9]{26}\b",  # Azure AI services
)

_KINDS: Mapping[str, tuple[re.Pattern[str], Callable[[str], bool]]] = {
    "email": (
        re.compile(r"\b[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)*\.[a-zA-Z]{2,24}\b"),
        _no_reserved_domain,
    ),
    "phone": (
        re.compile(
            r"(?<![\w+])(?:\+[1-9]\d{0,2}[ .-]?(?:\(\d{1,4}\)[ .-]?)?(?:\d[ .-]?){6,11}\d"
            r"|\(\d{3}\) ?\d{3}[-.]\d{4}|\d{3}[-.]\d{3}[-.]\d{4})(?![\w-])"
        ),
        _any,
    ),
    "credit card": (
        re.compile(r"(?<![\w.])(?<![A-Z]{2}\d\d )[2-6](?:[ -]?\d){12,18}(?![\w.])"),
        _luhn,
    ),
    "IBAN": (
        re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b"),
        _mod_97,
    ),
    "SSN": (re.compile(r"(?<![\w-])(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w-])"), _any),
    "IP address": (re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.])"), _public),
    "secret": (re.compile("|".join(_SECRETS), re.ASCII), _drawn),
}


def find_in_text(text: str) -> Iterator[tuple[str, str]]:
    """Yield the kind and the matched text of every piece of personal data.

    Example:
        >>> list(find_in_text("Card 4111 1111 1111 1111, mail to ann@example.com"))
        [('credit card', '4111 1111 1111 1111')]
    """
    for kind, (pattern, holds) in _KINDS.items():
        for match in pattern.finditer(text):
            if holds(match.group()):
                yield kind, match.group()


def find_pii(examples: Sequence[Example]) -> Iterable[AuditFinding]:
    """Find rows with personal data or secrets; what was found is masked in the evidence."""
    rows: dict[str, list[Location]] = {}
    for example in examples:
        seen = set()
        for kind, match in find_in_text(whole(example)):
            if kind not in seen:
                seen.add(kind)
                rows.setdefault(kind, []).append(Location(example.where, _masked(match)))
    for kind, found in sorted(rows.items(), key=lambda entry: -len(entry[1])):
        yield AuditFinding(
            code=f"pii_{kind.replace(' ', '_').lower()}",
            level=Level.WARNING,
            title=f"{len(found)} rows contain what looks like {_article(kind)} {kind}",
            count=len(found),
            advice="Remove or mask it: a model can repeat what it was trained on.",
            evidence=tuple(found[:SHOWN_EVIDENCE]),
            places=tuple(evidence.where for evidence in found),
        )


def _article(kind: str) -> str:
    return "an" if kind[0] in "aeiouIS" and kind != "secret" else "a"


def _masked(text: str) -> str:
    """Return the first and last two signs with dots between, so that reports leak nothing."""
    line = " ".join(text.split())
    return line[:2] + "•" * max(1, min(len(line) - 4, 12)) + line[-2:]
