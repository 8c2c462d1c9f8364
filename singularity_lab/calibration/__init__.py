"""Calibration: the one place where proofs and measurements meet.

A run is planned (:mod:`.design`), carried out so that interruption loses nothing (:mod:`.run`,
:mod:`.record_store`), joined with the proofs (:mod:`.score`), taken apart into its errors
(:mod:`.ledger`) and told (:mod:`.report`).
"""
