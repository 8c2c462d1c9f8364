"""Texts that are cut to a width."""

from hypothesis import given
from hypothesis import strategies as st

from singularity_lab.system.lines import shortened


@given(st.text(alphabet="ab ,;:(", max_size=60), st.integers(4, 40))
def test_a_text_is_cut_to_its_width_at_a_word(text, width):
    found = shortened(text, width)
    if len(text) <= width:
        assert found == text
        return
    assert len(found) <= width
    assert found.endswith("…")
    kept = found[:-1]
    assert text.startswith(kept)
    rest = text[len(kept) :]
    assert rest[0] in " ,;:(" or " " not in text[width // 2 : width]
