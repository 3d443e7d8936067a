* Codes, labels, user-missing values, dates, long names and texts, multiple-response sets.
DATA LIST LIST (';') /RESP (A10) SAMEN (F8.2) DUUR (F8.3) BOX1 (F1.0) BOX2 (F1.0) BOX3 (F1.0) TAAK1 (F2.0) TAAK2 (F2.0)
  LAND (A3) INGEVULD (DATE11) BEGONNEN (DATETIME20) TIJD (TIME8) EenLangeNaamVanTweeEnDertigTekens (F2.0) OPM (A300) JA1 (A1) JA2 (A1).
BEGIN DATA
r01 ;4;1.125;1;0;1;1;2;NL;01-APR-2025;01-APR-2025 12:30:15;10:05:00;1;kort;Y;
r02;9;;0;0;0;3;99;XX;02-APR-2025;;26:00:00;2;;Y;Y
r03;;3;;;;;;BE;;;;;;;
 r4;-8;2.25;0;1;0;99;;NL;31-DEC-1999;31-DEC-1999 23:59:59;00:00:01;-1;;;
END DATA.
IF $CASENUM = 2 OPM = CONCAT(RPAD("begin", 260, "-"), "eind").
VARIABLE LABELS SAMEN "De partners werken samen." /BOX1 "Tijd" /BOX2 "Geld; en meer" /BOX3 "Mensen" /TAAK1 "Taak" /TAAK2 "Taak"
  /EenLangeNaamVanTweeEnDertigTekens "Lange naam".
VALUE LABELS SAMEN 1 "helemaal oneens" 4 "eens" 5 "eens" 9 "weet niet" -8 "niet van toepassing"
  /TAAK1 TAAK2 1 "voorzitten" 2 "notuleren" 3 "rekenen" 99 "geen"
  /LAND "NL" "Nederland" "XX" "onbekend".
MISSING VALUES SAMEN (LOWEST THRU -1, 9) /TAAK1 TAAK2 (99) /LAND ("XX").
MRSETS /MDGROUP NAME=$KNEL LABEL="Knelpunten" VARIABLES=BOX1 BOX2 BOX3 VALUE=1
  /MDGROUP NAME=$JA VARIABLES=JA1 JA2 VALUE="Y"
  /MCGROUP NAME=$TAKEN LABEL="Taken" VARIABLES=TAAK1 TAAK2.
SAVE OUTFILE="sets.sav" /COMPRESSED.
SAVE OUTFILE="sets_plain.sav" /UNCOMPRESSED.
SAVE OUTFILE="sets.zsav" /ZCOMPRESSED.
