"""The batch: in, an evaluation; out, all its outputs up to date, each made by Papermill in a process of its own.

``batch`` walks the plan (``steps``) with doit; ``basis`` says whether a result still rests on what it was made from, ``journal``
remembers that; ``process`` runs one notebook within its limits through ``engine``; ``record`` and ``crate`` tell where every
output comes from.
"""
