"""Recognises the format of training rows and turns each into one shape.

=====================  ==================================================  ==================
format                 columns                                             becomes
=====================  ==================================================  ==================
``messages`` (ChatML)  ``messages: [{role, content}]``                     conversation
``sharegpt``           ``conversations: [{from, value}]``                  conversation
``alpaca``             ``instruction``, ``output`` or ``response``,        conversation
                       optional ``input`` or ``context``
``prompt_completion``  ``prompt``, ``completion``                          conversation
``question_answer``    ``question``, ``answer``, and other such pairs      conversation
``text``               ``text`` or ``content``                             text
``preference``         ``chosen``, ``rejected``, optional ``prompt``       preference
``openai_preference``  ``input``, ``preferred_output``,                    preference
                       ``non_preferred_output``
``unpaired``           a conversation and ``label``                        unpaired preference
=====================  ==================================================  ==================

Lists and objects may be JSON text. ``system``, ``history``, ``tools``, ``weight`` and the
reasoning of an answer are honoured; what is not used is counted by name.

The modules, each importing only those before it: ``layout`` (formats and their columns),
``unread`` (what no format reads and is not to be lost), ``example`` (the one shape), ``cells``
(values of a row), ``flags`` (what speaks against a row or a message), ``unmeant`` (rows not to
train on), ``tools``, ``messages``, ``conversations``, ``preferences``, ``recognise``, ``repeated``
(rows that say one thing in several formats), ``left_over`` (columns that nothing reads),
``varying`` (what tells the rows of a file apart), ``reading`` (a whole file).
"""

from evalguard.training.formats.example import Example, Kind, Message
from evalguard.training.formats.layout import FORMATS, FormatName, Layout
from evalguard.training.formats.reading import Reading, read

__all__ = [
    "FORMATS",
    "Example",
    "FormatName",
    "Kind",
    "Layout",
    "Message",
    "Reading",
    "read",
]
