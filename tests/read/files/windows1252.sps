* Written in Windows-1252; kept here in UTF-8.
SET LOCALE="windows-1252".
DATA LIST LIST (';') /NAAM (A20) EEN (F1.0).
BEGIN DATA
Coöperatie;1
Crèche €;2
END DATA.
VARIABLE LABELS EEN "Eén antwoord".
VALUE LABELS EEN 1 "zéér".
FILE LABEL "Synthetisch / synthetic".
SAVE OUTFILE="windows1252.sav" /COMPRESSED.
