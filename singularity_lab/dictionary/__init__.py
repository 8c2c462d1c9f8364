"""The dictionary: what is known of every model and program on file, as five tables
(docs/dictionary.md).

:func:`build` fills the tables with the public functions of the laboratory, :func:`shipped` reads
those that come with the package; :func:`lookup` is one row, :func:`phases` the strata of one model,
:func:`same_class` and :func:`neighbours` its relations, :func:`find` looks rows up by what one has.
"""
