"""Register machines: counters that are clipped, and jumps."""

from __future__ import annotations

from singularity_lab.programs.machines.machines import Case, Program
from singularity_lab.programs.machines.registers import RegisterMachine


def test_the_register_machine_clips_and_jumps():
    m = RegisterMachine(2, 4, ("INC1", "DEC1", "INC2", "CPY12", "CLR1", "JZ1_4", "JMP_0", "NOP"))
    p = Program("p", m, m.code("JZ1_4 DEC1 INC2 JMP_0"), (Case("0", "0"),))
    for n in range(6):
        assert p.run(f"{n}", 40) == str(n)
    clipped = p.at(m.code("INC2 NOP NOP JMP_0"))
    assert clipped.run("0", 100) == "5"
    assert p.at(m.code("CPY12 CLR1 NOP NOP")).run("4", 4) == "4"
