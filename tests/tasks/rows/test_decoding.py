"""Text is UTF-8 or certain; anything else is one error that says how to convert the file."""

import json
import re
import subprocess
import sys

import pytest

from evalguard.tasks.rows import read_rows

TEXTS = {
    "cp1252": "Die Größe der Tür beträgt “fünf” Meter – für Jürgen und Zoë kostet es 12 €.",
    "latin_1": "L'élève a été très déçu par la façade du château où il était né, à côté.",
    "cp1251": "Съешь же ещё этих мягких французских булок, да выпей чаю в Москве.",
    "gb18030": "请把下面的句子翻译成英文，并解释其中的语法结构和词汇用法。今天天气很好。",
    "cp932": "次の文章を英語に翻訳して、文法の構造を説明してください。今日は天気がいいです。",
    "cp949": "다음 문장을 영어로 번역하고 문법 구조를 설명해 주세요. 오늘은 날씨가 좋습니다.",
    "big5": "請把下面的句子翻譯成英文，並解釋其中的語法結構和詞彙用法。今天天氣很好。",
}
ROWS = [{"q": "plain"}, {"q": "ü 漢字 😀\u2028\u0085"}, {"q": "x"}]


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"],
)
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.csv", "a.tsv"])
def test_unicode_is_read_with_every_line_end(read, encoding, line_end, name):
    lines = [json.dumps(row, ensure_ascii=False) for row in ROWS]
    if name in ("a.csv", "a.tsv"):
        lines = ["q", *(row["q"] for row in ROWS)]
        lines = [f'"{line}"\t1' if name == "a.tsv" else f'"{line}",1' for line in lines]
    rows = read(name, line_end.join(lines).encode(encoding))
    shift = len(lines) - len(ROWS)
    assert rows == [
        (i + shift, {**row, "1": "1"} if shift else row) for i, row in enumerate(ROWS, 1)
    ]


@pytest.mark.parametrize("mark", [b"\xfe\xff", b"\x00\x00\xfe\xff"])
def test_a_mark_of_the_other_byte_order_is_read(read, mark):
    codec = "utf-16-be" if len(mark) == 2 else "utf-32-be"
    assert read("a.jsonl", mark + '{"q": "ü"}'.encode(codec)) == [(1, {"q": "ü"})]


def test_utf16_of_chinese_without_a_mark_is_read(read):
    row = {"prompt": TEXTS["gb18030"] * 3}
    text = json.dumps(row, ensure_ascii=False)
    assert read("a.jsonl", text.encode("utf-16-le")) == [(1, row)]


@pytest.mark.parametrize("encoding", TEXTS)
@pytest.mark.parametrize("name", ["a.jsonl", "a.csv"])
def test_another_encoding_is_one_error_and_its_command_converts_the_file(
    refused, tmp_path, encoding, name
):
    lines = ["plain", *[TEXTS[encoding]] * 40]
    text = "\n".join(json.dumps({"q": line, "n": "1"}, ensure_ascii=False) for line in lines)
    if name == "a.csv":
        text = "\n".join(["q,n", *(f'"{line}",1' for line in lines)])
    message = refused(name, text.encode(encoding))
    first = 2 if name == "a.jsonl" else 3
    assert re.match(
        rf"{re.escape(name)}: is not UTF-8: byte 0x[0-9A-F]{{2}} in line {first}", message
    )
    assert "and in 39 more lines" in message
    assert "\n" not in message
    command = message.partition("convert it: ")[2]
    subprocess.run(["sh", "-c", command], check=True, cwd=tmp_path)
    converted = tmp_path / name.replace(".", "-utf8.")
    assert [row.data["q"] for row in read_rows(converted)] == lines


def test_few_accents_are_told(refused):
    message = refused("a.csv", "a,b\nx,y\nx,Größe\n".encode("cp1252"))
    assert "byte 0xF6 in line 3." in message
    assert "reads 'x,Größe'" in message


def test_a_mix_of_encodings_is_not_converted(refused):
    lines = [f'{{"q": "ü{i}"}}\n'.encode() for i in range(5)]
    lines[3] = '{"q": "ü"}\n'.encode("latin-1")
    message = refused("a.jsonl", b"".join(lines))
    assert "4 other lines hold UTF-8" in message
    assert "Correct line 4." in message
    assert "iconv" not in message


def test_a_cut_in_a_character_is_told_from_another_encoding(refused):
    assert "ends in the middle of a character" in refused("a.jsonl", '{"q": "漢'.encode()[:-1])


def test_without_chardet_the_encoding_is_left_to_the_user(refused, monkeypatch):
    monkeypatch.setitem(sys.modules, "chardet", None)
    message = refused("a.csv", "a,b\nx,Größe\n".encode("cp1252"))
    assert "from the encoding it was saved in: iconv -f ENCODING -t UTF-8 < " in message


def test_cut_utf16_and_bytes_that_are_no_text(refused):
    assert "begins as UTF-16, and holds bytes that are not" in refused(
        "a.jsonl", '{"q": "x"}\n'.encode("utf-16")[:-1]
    )
    assert "is not UTF-8: byte 0xFF in line 1" in refused("a.jsonl", b'{"q": "\xff\x81\x00\x9d"}')


def test_the_encoding_of_a_compressed_file(refused, tmp_path):
    import gzip

    content = gzip.compress("\n".join(["a,b", *["x,Größe für Jürgen"] * 9]).encode("cp1252"))
    message = refused("a.csv.gz", content)
    command = message.partition("convert it: ")[2]
    assert command.startswith("gzip -dc < ")
    subprocess.run(["sh", "-c", command], check=True, cwd=tmp_path)
    assert [row.data["b"] for row in read_rows(tmp_path / "a-utf8.csv")] == ["Größe für Jürgen"] * 9
