"""Sample answers as rows: to documents and back, with names for those that have none."""

import pytest

from connections.documents import parse_samples
from connections.exchange.config import ResponseSample
from connections.forms.samples import SampleRow, SamplesForm

ROWS = (
    SampleRow("Twice", "409", "Retry-After: 3\nX-Empty:", "{}", "duplicate"),
    SampleRow(status="201"),
    SampleRow(status="201", body="again"),
    SampleRow("201 delivered", "201"),
)


def test_documents_come_back_as_the_same_rows():
    samples = parse_samples(SamplesForm("1", ROWS).documents())
    form = SamplesForm.of(revision=2, samples=samples)

    assert form.revision == "2"
    assert form.samples[0].headers == "Retry-After: 3\nX-Empty: "
    assert [row.body for row in form.samples] == ["{}", "", "again", ""]
    again = SamplesForm.of(revision=2, samples=parse_samples(form.documents()))
    assert again == form


def test_samples_without_a_name_get_one_that_nobody_has():
    names = [one["name"] for one in SamplesForm("1", ROWS).documents()]

    assert names == ["Twice", "201 delivered 2", "201 delivered 3", "201 delivered"]


def test_without_samples_there_is_a_row_to_write_in():
    assert SamplesForm.of(revision=1, samples=()).samples == (SampleRow(),)


@pytest.mark.parametrize(
    ("pointer", "field"),
    [
        ("/samples/1/status", "samples.1.status"),
        ("/config/response_samples/0/body", "samples.0.body"),
        ("/config/response_samples", "samples.0.name"),
        ("/config/response_rules/0", ""),
        ("", ""),
    ],
)
def test_problems_find_their_field(pointer, field):
    assert SamplesForm("1", ROWS).field_at(pointer) == field


def test_row_without_a_status_is_told_by_its_body_and_stays_so():
    row = SampleRow(body='{"status": "duplicate"}', expected_outcome="duplicate")
    [document] = SamplesForm(samples=(row,)).documents()
    assert (document["name"], document["status"]) == ("duplicate", None)
    assert SampleRow.of(ResponseSample.model_validate(document)).status == ""
