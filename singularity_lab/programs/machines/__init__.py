"""Machines whose programs are studied: circuits, automata, registers, Turing machines, text."""
