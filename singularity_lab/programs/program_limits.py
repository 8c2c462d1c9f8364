"""How large a question about a program may be, and how long its answer may take.

The limits are generous for work (the largest program of the library has 240 parameters and 54
inputs) and far below what would use up memory. They are looked at before anything of that size is
built; only the number of configurations cannot be known in advance, and is counted.
"""

from __future__ import annotations

from singularity_lab.errors import BadInput

TEXT = 200_000  # characters of a program's text
STEPS = 1_000  # of a machine
NAMES = 200  # symbols, states, letters, instructions, wires, …
CASES = 4_096  # inputs
WORD = 1_000  # letters of an input
OPTIONS = 20_000  # options of all choices together
PARAMETERS = 1_000  # of a program whose λ is asked for
OUTPUT_BITS = 12  # wires of a circuit's output
CONFIGURATIONS = 400_000  # of one propagation in the exact semantics, of up to 25 cells each
TERMS = 3_000_000  # sums and products of one propagation
PRODUCTS = 10_000_000  # of terms, where polynomials are expanded
DIGITS = 400  # of a number in a certificate
ROWS = 5_000  # syndromes of a certificate's packing


def at_most(limit: int, number: int, what: str) -> int:
    """The number itself. Raises BadInput, which names both, where it exceeds the limit.

    >>> at_most(STEPS, 7, "steps")
    7
    """
    if number > limit:
        shown = str(number) if number < 10**20 else f"a number of {number.bit_length()} bits"
        raise BadInput(f"{what}: at most {limit} are taken, received {shown}")
    return number
