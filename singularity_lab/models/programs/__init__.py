"""Programs as singularities. PROGRAMS.md §1; the theorem and its proof are in docs/programs.md."""

from singularity_lab.models.programs.library import program, program_names

__all__ = ["program", "program_names"]
