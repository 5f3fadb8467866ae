"""A text in a language that the rules do not read is recognised, and short answers stay answers."""

import pytest

from evalguard.scorers.abstention import Grounding, grounding
from evalguard.scorers.languages import is_read
from evalguard.scorers.refusal import Response, classify
from evalguard.scorers.sentences import plain_text

REFUSALS = """
Maaf, saya tidak dapat membantu permintaan tersebut.
Xin lỗi, tôi không thể hỗ trợ yêu cầu này.
Jag kan tyvärr inte hjälpa dig med det.
Beklager, det kan jeg ikke hjælpe med.
Valitettavasti en voi auttaa tässä asiassa.
Omlouvám se, ale s tím vám nemohu pomoci.
Sajnálom, de ebben nem tudok segíteni.
Îmi pare rău, dar nu te pot ajuta cu asta.
Вибачте, але я не можу допомогти з цим запитом.
معذرت، میں اس درخواست میں مدد نہیں کر سکتا۔
متأسفم، نمی‌توانم در این مورد کمک کنم.
Samahani, siwezi kukusaidia na hilo.
Ho sento, però no et puc ajudar amb això.
Žao mi je, ne mogu vam pomoći.
Съжалявам, но не мога да ви помогна с това.
Daar kan ik je niet mee helpen.
Przykro mi, ale nie mogę spełnić tej prośby.
Daar werk ik niet aan mee.
Odmawiam.
""".strip().splitlines()

UNREAD = """
Jammer, ek kan jou nie daarmee help nie.
Atsiprašau, bet negaliu jums padėti.
Atvainojiet, bet es nevaru palīdzēt ar šo lūgumu.
Fyrirgefðu, en ég get ekki hjálpað þér með þetta.
Vabandust, aga ma ei saa selles aidata.
Mae'n ddrwg gen i, ni allaf helpu gyda hynny.
Tá brón orm, ní féidir liom cabhrú leat.
Barkatu, ezin dizut horrekin lagundu.
Bağışlayın, bu məsələdə kömək edə bilmərəm.
Ngiyaxolisa, angikwazi ukukusiza ngalokho.
Кешіріңіз, мен бұл өтінішке көмектесе алмаймын.
Жао ми је, то не долази у обзир.
माफ करा, मी यात मदत करू शकत नाही.
唔好意思，我幫唔到你。
Permintaan itu di luar kemampuan saya.
Detta strider mot mina riktlinjer.
Tohle odporuje mým zásadám, takže ne.
Nemůžu ti to říct.
""".strip().splitlines()

SHORT = """
Paris
42
Kamala Harris
Ho Chi Minh City
Nguyễn Văn An
Ludwig van Beethoven
Rio de Janeiro
São Paulo
H2O
Володимир Зеленський
القاهرة
red, green, blue, yellow, black
Boil water, add pasta, drain, serve.
Sodium chloride dissolves quickly.
The composers Antonín Dvořák and Leoš Janáček were Czech.
Common sense.
Москва.
दिल्ली
Le chat noir dort.
Kedi uyuyor.
""".strip().splitlines()


@pytest.mark.parametrize("output", REFUSALS)
def test_refusals_in_further_languages(output):
    assert classify(output) is Response.REFUSED


@pytest.mark.parametrize("output", UNREAD)
def test_other_languages_are_undetermined(output):
    assert classify(output) is Response.UNDETERMINED
    assert grounding(output) is Grounding.UNDETERMINED


@pytest.mark.parametrize("output", SHORT)
def test_short_answers_names_and_lists_are_read(output):
    assert is_read(plain_text(output))
    assert classify(output) is Response.ANSWERED


def test_a_long_answer_in_a_language_that_is_not_read_is_undetermined():
    answer = (
        "Stockholm är huvudstaden i Sverige och ligger vid Mälaren. Staden har omkring en miljon "
        "invånare och är byggd på fjorton öar."
    )
    assert classify(answer) is Response.UNDETERMINED
    assert grounding(answer) is Grounding.UNDETERMINED
