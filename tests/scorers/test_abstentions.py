"""What a text leaves out is told from what it denies."""

import pytest

from evalguard.scorers.abstention import Grounding, grounding

ABSTENTIONS = """
None of the clauses you pasted says who insures the goods.
The minutes stay silent on who proposed the motion.
The biography glosses over the years in Paris.
The speech never gets to the costs.
The narrator withholds the name of the town.
Why the bridge fell is left to the reader's imagination.
It's not something the brochure goes into.
The manual doesn't seem to contain anything about resetting the clock.
The date of the wedding is nowhere in the diary.
The size of the crew never comes up.
I scanned the minutes for a budget, to no avail.
I've looked through both reports without luck.
I wish I knew, but the file is silent.
I'd rather not guess at the number.
There isn't enough here to say who won.
Does not state.
To compute the density we would need the volume.
The premise of the question is false: nobody in the story owns a dog.
The first paragraph describes the town, the second the river. Neither mentions the population. The answer is unknown.
We know that the shop opens at nine. The closing time is not given.
Step 1: find the price. The list shows the fruit only. Step 2: conclude. Answer: not determinable
Therefore, the question cannot be answered.
I can't find the supplier in these invoices.
No exact date can be given on the basis of this text.
Nothing in the memo tells us why he left.
Das Dokument enthält keine Angaben zum Preis.
Aus dem Bericht geht nicht hervor, wer zahlte.
Cette information n'est pas fournie dans le document.
La respuesta no está en el texto.
A resposta não se encontra no trecho.
L'informazione non è presente nel testo.
Dat staat niet in de tekst.
Tekst nie podaje daty.
Det framgår inte av texten.
Hal itu tidak disebutkan dalam teks.
Điều này không được đề cập trong đoạn văn.
I can't trace the sender in any of these e-mails.
Nowhere does the log name the operator.
The height of the tower is missing.
The changelog doesn't name the author of the patch.
My folder has nothing here about the pension.
The line for the witness has been left blank.
No forwarding address on file.
The recording fades out before she names the buyer.
The log stops at noon; it shows no speed for the afternoon.
I was given nothing about the deposit.
Anything I said would be speculation.
The two never met, as far as the letters show.
You will not find her birthday in these documents.
Neither of the reports deals with the bridge.
He mentions a sister without ever giving her name.
The bonus isn't in your contract.
Couldn't be made out from the scan.
The recipe lists six ingredients. Salt isn't among them, so I can't tell you how much to use.
Der Vertrag nennt keinen Liefertermin.
Le rapport ne précise pas le montant.
La factura no indica la fecha de pago.
Non è possibile stabilirlo dal verbale.
Het rapport vermeldt geen prijs.
Umowa nie określa terminu.
В письме адрес не указан.
合同中没有写明交货日期。
契約書には納期の記載がありません。
""".strip().splitlines()  # noqa: E501 - an answer a line

ANSWERS = """
The witness kept quiet about the money for ten years.
He was silent about his past until his wife died.
The guard skips breakfast on Mondays.
Her letter leaves out nothing: she lists all nine names.
The house was left to the youngest daughter.
The author keeps bees and writes at night.
The missing figure is 42.
The date was missing from the ticket, so the guard threw him out.
The ghost never appears before midnight.
Nobody was hurt in the fire.
No survivors were found.
No ships were reported in the strait that day.
No trace of the boat could be found.
There is no sugar in it.
There are no schools in the village.
The report says there is no lead in the water.
According to the manual there is no limit.
Nothing in his youth prepared him for the job.
Nothing suggests more strongly that he lied than the second letter.
I searched for two hours without success, he wrote, and then the door opened.
To find the area, multiply 3 by 4, which gives 12.
To pay the fine he would need 300 crowns.
The premise was sold in 1990.
He did not have anything for dinner.
She doesn't have anything on her calendar on Friday.
It is not something he talks about.
The policy doesn't include dental care.
The contract does not allow subletting.
The film ends before the war begins.
The trial stopped without a verdict.
So the answer is not 12 but 15.
The box is empty.
The trial ended before noon.
There were no traces of poison in the cup.
The jury found insufficient grounds for a conviction.
The cause was unknown at first, but in the final chapter we learn that it was gas.
The file is silent no longer: a page was added in May.
Der Vertrag erlaubt keine Haustiere.
Le contrat ne permet pas la sous-location.
El contrato no permite animales.
Het contract staat geen huisdieren toe.
The passage was closed in winter.
We know that the train left at nine and took two hours, so it arrived at eleven.
He couldn't pinpoint the pain, so the doctors took an X-ray.
We couldn't name the child after my father because he was alive.
Only the first chapter is printed in colour.
Der Vertrag enthält keine Kündigungsfrist für Mieter unter einem Jahr, also gilt das Gesetz.
Er findet keine Arbeit und zieht nach Hamburg.
Elle n'est pas connue hors de France.
No hay escuela en el pueblo.
Il museo non è aperto il lunedì.
De winkel is op zondag niet open.
Nie, sklep jest zamknięty.
""".strip().splitlines()


@pytest.mark.parametrize("output", ABSTENTIONS)
def test_what_the_text_leaves_out_is_an_abstention(output):
    assert grounding(output) is Grounding.ABSTAINED


@pytest.mark.parametrize("output", ANSWERS)
def test_what_only_denies_something_is_an_answer(output):
    assert grounding(output) is Grounding.ANSWERED


def test_the_last_sentence_sums_up():
    facts = "The train left at nine. It was full. Two stops were skipped. "
    assert grounding(facts + "So the question cannot be answered.") is Grounding.ABSTAINED
    assert grounding(facts + "Final answer: unknown") is Grounding.ABSTAINED
    assert grounding(facts + "So it arrived at ten.") is Grounding.ANSWERED


def test_an_answer_before_an_abstention_leaves_it_open():
    output = (
        "The merger was valued at 2.3 billion dollars [3]. The other documents don't discuss it."
    )
    assert grounding(output) is Grounding.UNDETERMINED
