"""The main job, on fewer rows: proved, measured blind, told."""

from singularity_lab.calibration import demo
from singularity_lab.catalog.load import entries
from singularity_lab.spectroscopes.registry import known
from tests.calibration.planted import right, table


def test_the_tour_is_of_rows_and_devices_that_there_are():
    tour = {e.id for e in entries(tags=demo.TAG)}
    assert len(tour) >= 5
    assert set(demo.ARMS) <= set(known())
    assert set(demo.LEDGER_ROWS) <= {e.id for e in entries()}


def test_it_is_carried_out_into_a_folder(tmp_path, monkeypatch):
    """What it asks to be measured; the measuring itself is replaced."""
    asked = []

    def measured(plans, out, workers, progress):
        asked.extend(plans)
        return table({"right": right}, seeds=1)

    monkeypatch.setattr(demo, "run_plans", measured)
    monkeypatch.setattr(demo, "ledger", lambda found, rows: found)
    monkeypatch.setattr(demo, "run_controls", lambda seeds, folder, **_: table({"right": right}, 1))
    demo.run(tmp_path, workers=0)
    assert (tmp_path / "report.html").is_file()
    first, mala, more = asked
    assert tuple(a.label for a in first.arms) == demo.ARMS
    assert {a.label: a.settings for a in first.arms if a.settings} == demo.SETTINGS
    assert all(row.dimension <= demo.LEDGER_DIMENSION for row in mala.rows)
    assert {row.id for row in more.rows} == set(demo.LEDGER_ROWS)
    assert more.seeds == demo.LEDGER_SEEDS
