import pytest

from evalguard.errors import DataError
from evalguard.tasks.rows import read_rows


@pytest.fixture
def read(tmp_path):
    """Write a file and return the numbers and the data of its rows."""

    def rows(name, content):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return [(row.number, row.data) for row in read_rows(path)]

    return rows


@pytest.fixture
def refused(tmp_path):
    """Write a file that is refused and return the error's text, with the file's folder left out."""

    def message(name, content):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        with pytest.raises(DataError) as caught:
            read_rows(path)
        return str(caught.value).replace(f"{tmp_path}/", "")

    return message
