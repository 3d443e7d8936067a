"""The words of the framework workbook and of the letter that goes with it: in, nothing; out, every fixed text in both languages.

In braces stand the names that the workbook itself has: ``sheet`` and ``instructions`` (sheets), ``remarks``, ``status``
and ``reporting`` (headings). What is said of a column is also Excel's input message, which takes 255 characters.
"""

from __future__ import annotations

from midterm.description import Text

INSTRUCTIONS = Text(nl="Uitleg", en="Instructions")
LISTS = Text(nl="Lijsten", en="Lists")
REMARKS = Text(nl="Toelichting", en="Remarks")

TITLE = Text(nl="Evaluatiekader: {alliance}", en="Evaluation framework: {alliance}")
FILL_IN = Text(
    nl="Vul hieronder één regel per indicator in. Op het blad '{instructions}' staat hoe dat gaat.",
    en="Fill in one row per indicator below. The sheet '{instructions}' says how.",
)

RULES_TITLE = Text(nl="Zo vult u het kader in", en="How to fill in the framework")
RULES = (
    Text(
        nl="Vul het blad '{sheet}' in. Elke regel gaat over één indicator: iets wat u telt of meet.",
        en="Fill in the sheet '{sheet}'. Each row is about one indicator: something that you count or measure.",
    ),
    Text(
        nl="Verander de nummers van de regels en de koppen niet. Daarom zijn deze cellen op slot (zonder wachtwoord).",
        en="Do not change the numbers of the rows or the headings. That is why these cells are locked (without a password).",
    ),
    Text(
        nl="Hebt u een nieuwe indicator? Gebruik een lege regel onderaan. Het nummer staat er al. Regels die u niet nodig hebt, laat u leeg.",
        en="Do you have a new indicator? Use an empty row at the bottom. Its number is already there. Leave rows that you do not need empty.",
    ),
    Text(
        nl="Bent u met iets gestopt? Laat de regel staan en geef het aan bij '{status}'.",
        en="Did you stop something? Leave the row as it is and say so under '{status}'.",
    ),
    Text(
        nl="Schrijf in een cel voor een getal alleen het getal: 37,5 en niet 'ongeveer 37,5'. Woorden horen bij '{remarks}'.",
        en="In a cell for a number write only the number: 37.5 and not 'about 37.5'. Words belong under '{remarks}'.",
    ),
    Text(nl="Schrijf grote getallen zonder punten, komma's of spaties: 12500.", en="Write large numbers without points, commas or spaces: 12500."),
    Text(
        nl="Is de eenheid procent? Schrijf dan 45 als u 45 procent bedoelt. Reken het niet om naar 0,45.",
        en="Is the unit per cent? Then write 45 when you mean 45 per cent. Do not convert it to 0.45.",
    ),
    Text(
        nl="Weet u een getal niet, of is het er nog niet? Laat de cel leeg. Vul 0 alleen in als het echt nul was.",
        en="Do you not know a number, or is it not there yet? Leave the cell empty. Fill in 0 only when it really was zero.",
    ),
    Text(
        nl="Telt u elk jaar opnieuw, of telt u door vanaf de start? Kies dat bij '{reporting}' en doe het in alle jaren zo.",
        en="Do you count each year anew, or do you keep adding from the start? Choose it under '{reporting}' and do the same in all years.",
    ),
    Text(nl="Maak geen regels met totalen. Optellen doen wij.", en="Do not make rows with totals. We do the adding up."),
    Text(
        nl="Hebt u een vraag? Stel die aan de onderzoeker van wie u dit bestand kreeg.",
        en="Do you have a question? Ask the evaluator who sent you this file.",
    ),
)

RULES_WITH_EARLIER_ROWS = (
    Text(
        nl="Wat u eerder hebt ingevuld, staat er al. Controleer het. Klopt iets niet? Verbeter het en schrijf bij '{remarks}' waarom.",
        en="What you filled in before is already there. Check it. Is something wrong? Correct it and write the reason under '{remarks}'.",
    ),
    Text(
        nl="Wat u eerder zelf aan kolommen hebt toegevoegd, en wat u eerder bij '{remarks}' schreef, staat er niet in. Bewaar daarom uw vorige bestand.",
        en="Columns that you added yourself before, and what you wrote before under '{remarks}', are not in it. So keep your earlier file.",
    ),
)

COLUMNS_TITLE = Text(nl="Wat er in elke kolom komt", en="What goes into each column")
COLUMNS_HEADINGS = (
    Text(nl="Kolom", en="Column"),
    Text(nl="Wat vult u in?", en="What do you fill in?"),
    Text(nl="Wanneer?", en="When?"),
    Text(nl="Voorbeeld (verzonnen)", en="Example (invented)"),
)
ALWAYS = Text(nl="altijd", en="always")
WHEN_KNOWN = Text(nl="als u het weet", en="when you know it")
WHEN_NEEDED = Text(nl="als het nodig is", en="when needed")

HELP = {
    "indicator_id": Text(
        nl="Het vaste nummer van de regel. Het staat er al. Verander het niet: zo vinden wij dezelfde regel elk jaar terug.",
        en="The fixed number of the row. It is already there. Do not change it: by it we find the same row again each year.",
    ),
    "level": Text(
        nl="Kies uit de lijst waar de regel over gaat: wat u inzet, wat u doet, wat dat oplevert of wat daardoor verandert.",
        en="Choose from the list what the row is about: what you put in, what you do, what that yields or what changes because of it.",
    ),
    "indicator": Text(nl="Wat u telt of meet, in één korte zin.", en="What you count or measure, in one short sentence."),
    "unit": Text(
        nl="Kies uit de lijst waarin u telt of meet. Gebruik in alle jaren dezelfde eenheid.",
        en="Choose from the list in what you count or measure. Use the same unit in all years.",
    ),
    "direction": Text(
        nl="Kies of een hoger of juist een lager getal beter is. Bij deelnemers is hoger beter, bij uitval lager.",
        en="Choose whether a higher or a lower number is better. For participants higher is better, for dropping out lower.",
    ),
    "baseline_year": Text(nl="Het jaar van de stand voordat u begon, in vier cijfers.", en="The year of the situation before you began, in four digits."),
    "baseline_value": Text(
        nl="De stand voordat u begon. Alleen het getal. Vul 0 alleen in als het echt nul was.",
        en="The situation before you began. Only the number. Fill in 0 only when it really was zero.",
    ),
    "target_year": Text(nl="Het jaar waarin u uw doel wilt halen, in vier cijfers.", en="The year in which you want to reach your target, in four digits."),
    "target_value": Text(nl="Wat u in dat jaar wilt bereiken. Alleen het getal.", en="What you want to reach in that year. Only the number."),
    "actual_value": Text(
        nl="Wat u hebt bereikt. Alleen het getal. Telt u elk jaar opnieuw? Dan alleen van dit jaar. Telt u door? Dan alles tot en met dit jaar.",
        en="What you reached. Only the number. Do you count each year anew? Then this year only. Do you keep adding? Then all up to and including this year.",
    ),
    "reporting": Text(
        nl="Kies hoe u de jaren telt: elk jaar opnieuw, of doorgeteld vanaf de start.",
        en="Choose how you count the years: each year anew, or adding up from the start.",
    ),
    "source": Text(
        nl="Waar het getal vandaan komt. Bijvoorbeeld een lijst met deelnemers of een enquête.",
        en="Where the number comes from. For example a list of participants or a survey.",
    ),
    "status": Text(nl="Kies uit de lijst hoe het er nu voor staat.", en="Choose from the list how things stand now."),
    "bottleneck": Text(
        nl="Kies uit de lijst wat het meest in de weg stond, of dat er niets in de weg stond.",
        en="Choose from the list what was most in the way, or that nothing was in the way.",
    ),
    "remarks": Text(
        nl="Alles wat wij over deze regel moeten weten: een schatting, een andere manier van meten, een bijzonder jaar. Schrijf hier geen namen van personen.",
        en="All that we should know about this row: an estimate, another way of measuring, an unusual year. Do not write names of persons here.",
    ),
}

FAULT_TITLE = Text(nl="Dit past hier niet", en="This does not fit here")
NOT_IN_LIST = Text(nl="Kies een van de mogelijkheden uit de lijst.", en="Choose one of the entries of the list.")
NOT_A_NUMBER = Text(
    nl="Schrijf hier alleen een getal, of laat de cel leeg. Woorden horen bij '{remarks}'.",
    en="Write only a number here, or leave the cell empty. Words belong under '{remarks}'.",
)
NOT_A_YEAR = Text(nl="Schrijf hier een jaar in vier cijfers, of laat de cel leeg.", en="Write a year in four digits here, or leave the cell empty.")

EXAMPLE_INDICATOR = Text(nl="Trainingen voor vrijwilligers", en="Trainings for volunteers")
EXAMPLE_SOURCE = Text(nl="lijsten met deelnemers", en="lists of participants")
EXAMPLE_REMARKS = Text(nl="In het eerste jaar begonnen wij in september.", en="In the first year we began in September.")
