"""Coding projects as NVivo, ATLAS.ti and MAXQDA export them by REFI-QDA 1.5, with invented content.

What is taken from where (repositories and pages as found in public, all of which read or describe real exports):

- the skeleton with ``origin="NVivo for Windows 12.6"``, lower-case GUIDs, nested codes, no text in the .qde: the tests of
  a public importer, "structure copied from a real NVivo for Windows 12.6 .qdpx export";
- NVivo's cases: ccbogel/QualCoder, refi.py: "some Codes in CodeBook are Cases - they use the same guid" and "Some Coding
  guids match a Case guid. This is Case text"; its variables: the same file, ``name="Cases:Age group"``;
- MAXQDA's variables: the same file, "Variables for files stored in Case have one SourceRef and no Case name. This approach
  is used by MAXQDA and Quirkos"; one selection for each coding, its name the positions; document groups as sets; names of
  documents without extension: a public importer's test on "a real export (MAXQDA Plus 2020, Release 20.4.2)";
- ATLAS.ti's several codings in one selection whose name repeats the text, upper-case GUIDs, ``Representation`` of a PDF,
  ``Transcript`` with ``SyncPoint``, document groups as sets: a public description of an export of 2023, and REFI-QDA 1.5.
"""

from __future__ import annotations

import io
import uuid
import zipfile

SPOKEN = "Ik heet Jan en ik ben bang"
PERSON = "Petra Petersen"


def guid(name: str) -> str:
    """Return a GUID that stands for ``name``."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, name))


def filled(text: str, *, upper: bool = False) -> str:
    """Return ``text`` with each ``[name]`` replaced by its GUID."""
    pieces = text.split("[")
    rest = [piece.split("]", 1) for piece in pieces[1:]]
    return pieces[0] + "".join((guid(name).upper() if upper else guid(name)) + after for name, after in rest)


def qdpx(project: str | bytes, name: str = "project.qde") -> bytes:
    """Return a .qdpx with the project and one source, which nobody should open."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, project)
        archive.writestr(f"sources/{guid('text')}.txt", SPOKEN)
    return content.getvalue()


NVIVO = filled(f"""<?xml version="1.0" encoding="utf-8"?>
<Project xmlns:xsd="http://www.w3.org/2001/XMLSchema" name="Interviews" origin="NVivo for Windows 12.6" basePath="" xmlns="urn:QDA-XML:project:1.0">
  <Users>
    <User guid="[user]" name="{PERSON}" />
  </Users>
  <CodeBook>
    <Codes>
      <Code guid="[samenwerking]" name="Samenwerking" isCodable="true">
        <Code guid="[positief]" name="positief" isCodable="true" />
        <Code guid="[negatief]" name="negatief" isCodable="true" />
      </Code>
      <Code guid="[case anker]" name="Anker" isCodable="true" />
      <Code guid="[case kompas]" name="Kompas" isCodable="true" />
    </Codes>
  </CodeBook>
  <Variables>
    <Variable guid="[alliance]" name="Cases:Alliantie" typeOfVariable="Text">
      <Description />
    </Variable>
    <Variable guid="[group]" name="Cases:Groep" typeOfVariable="Text" />
  </Variables>
  <Cases>
    <Case guid="[case anker]" name="Anker">
      <Description />
      <VariableValue>
        <VariableRef targetGUID="[alliance]" />
        <TextValue>Alliantie Noord</TextValue>
      </VariableValue>
      <VariableValue>
        <VariableRef targetGUID="[group]" />
        <TextValue>alliantie</TextValue>
      </VariableValue>
    </Case>
    <Case guid="[case kompas]" name="Kompas">
      <VariableValue>
        <VariableRef targetGUID="[alliance]" />
        <TextValue>Alliantie Zuid</TextValue>
      </VariableValue>
    </Case>
  </Cases>
  <Sources>
    <TextSource guid="[focus]" name="Groepsgesprek" plainTextPath="internal://{guid("text")}.txt" creationDateTime="2025-06-11T16:24:07Z">
      <PlainTextSelection guid="[s1]" name="" startPosition="0" endPosition="500">
        <Coding guid="[c1]" creatingUser="[user]">
          <CodeRef targetGUID="[case anker]" />
        </Coding>
      </PlainTextSelection>
      <PlainTextSelection guid="[s2]" name="" startPosition="500" endPosition="900">
        <Coding guid="[c2]" creatingUser="[user]">
          <CodeRef targetGUID="[case kompas]" />
        </Coding>
      </PlainTextSelection>
      <PlainTextSelection guid="[s3]" name="" startPosition="10" endPosition="90">
        <Coding guid="[c3]" creatingUser="[user]">
          <CodeRef targetGUID="[positief]" />
        </Coding>
      </PlainTextSelection>
      <PlainTextSelection guid="[s4]" name="" startPosition="510" endPosition="590">
        <Coding guid="[c4]" creatingUser="[user]">
          <CodeRef targetGUID="[negatief]" />
        </Coding>
      </PlainTextSelection>
      <PlainTextSelection guid="[s5]" name="" startPosition="450" endPosition="550">
        <Coding guid="[c5]" creatingUser="[user]">
          <CodeRef targetGUID="[samenwerking]" />
        </Coding>
      </PlainTextSelection>
    </TextSource>
  </Sources>
</Project>
""")

MAXQDA = filled(f"""<?xml version="1.0" encoding="utf-8"?>
<Project origin="MAXQDA 2022 (Release 22.4.0)" name="Interviews" modifiedDateTime="2025-09-29T11:39:59Z" xmlns="urn:QDA-XML:project:1.0">
  <Users><User name="{PERSON}" guid="[user]"/><User name="Tweede codeur" guid="[second]"/></Users>
  <CodeBook><Codes>
    <Code isCodable="true" name="Samenwerking" color="#2364a2" guid="[samenwerking]"/>
    <Code isCodable="true" name="Oordeel" color="#2364a2" guid="[oordeel]">
      <Code isCodable="true" name="positief" color="#2364a2" guid="[positief]"/>
      <Code isCodable="true" name="negatief" color="#2364a2" guid="[negatief]"/>
    </Code>
    <Code isCodable="true" name="Mooie citaten" color="#2364a2" guid="[citaten]"/>
  </Codes></CodeBook>
  <Variables>
    <Variable guid="[alliance]" name="Alliantie" typeOfVariable="Text"/>
    <Variable guid="[year]" name="Jaar" typeOfVariable="Integer"/>
  </Variables>
  <Cases>
    <Case guid="[case 1]">
      <VariableValue><VariableRef targetGUID="[alliance]"/><TextValue>Alliantie Noord</TextValue></VariableValue>
      <VariableValue><VariableRef targetGUID="[year]"/><IntegerValue>2025</IntegerValue></VariableValue>
      <SourceRef targetGUID="[interview 1]"/>
    </Case>
  </Cases>
  <Sources>
    <TextSource plainTextPath="internal://{guid("text")}.txt" creatingUser="[user]" guid="[interview 1]" name="Interview 1">
      <PlainTextSelection creatingUser="[user]" guid="[m1]" endPosition="90" startPosition="10" name="10,90">
        <Coding creatingUser="[user]" guid="[k1]"><CodeRef targetGUID="[samenwerking]"/></Coding>
      </PlainTextSelection>
      <PlainTextSelection creatingUser="[user]" guid="[m2]" endPosition="90" startPosition="10" name="10,90">
        <Coding creatingUser="[user]" guid="[k2]"><CodeRef targetGUID="[positief]"/></Coding>
      </PlainTextSelection>
      <PlainTextSelection creatingUser="[second]" guid="[m3]" endPosition="90" startPosition="10" name="10,90">
        <Coding creatingUser="[second]" guid="[k3]"><CodeRef targetGUID="[samenwerking]"/></Coding>
      </PlainTextSelection>
      <PlainTextSelection creatingUser="[second]" guid="[m4]" endPosition="90" startPosition="10" name="10,90">
        <Coding creatingUser="[second]" guid="[k4]"><CodeRef targetGUID="[negatief]"/></Coding>
      </PlainTextSelection>
      <PlainTextSelection creatingUser="[user]" guid="[m5]" endPosition="300" startPosition="200" name="200,300">
        <Coding creatingUser="[user]" guid="[k5]"><CodeRef targetGUID="[citaten]"/></Coding>
      </PlainTextSelection>
    </TextSource>
  </Sources>
  <Sets>
    <Set name="Alliantie" guid="[set]"><MemberSource targetGUID="[interview 1]"/></Set>
  </Sets>
</Project>
""")

ATLAS = filled(
    f"""<?xml version="1.0" encoding="utf-8"?>
<Project origin="ATLAS.ti Win 23.4.0" name="Interviews" basePath="C:\\Users\\petra\\interviews" xmlns="urn:QDA-XML:project:1.0">
  <Users><User guid="[user]" name="{PERSON}" /></Users>
  <CodeBook><Codes>
    <Code guid="[samenwerking]" name="Samenwerking" isCodable="true" color="#46AA00"><Description>{SPOKEN}</Description></Code>
    <Code guid="[positief]" name="positief" isCodable="true" color="#46AA00" />
  </Codes></CodeBook>
  <Sources>
    <PDFSource guid="[pdf]" name="C:\\Users\\petra\\interviews\\Noord 1.pdf" path="internal://{guid("text")}.pdf">
      <PDFSelection guid="[a0]" name="{SPOKEN}" page="0" firstX="1" firstY="2" secondX="3" secondY="4">
        <Coding guid="[b0]" creatingUser="[user]"><CodeRef targetGUID="[samenwerking]" /></Coding>
      </PDFSelection>
      <Representation guid="[rep]" plainTextPath="internal://{guid("text")}.txt" name="Noord 1">
        <PlainTextSelection guid="[a1]" name="{SPOKEN}" startPosition="297" endPosition="498">
          <Description>{SPOKEN}</Description>
          <Coding guid="[b1]" creatingUser="[user]">
            <CodeRef targetGUID="[samenwerking]" />
          </Coding>
          <Coding guid="[b2]" creatingUser="[user]">
            <CodeRef targetGUID="[positief]" />
          </Coding>
        </PlainTextSelection>
      </Representation>
    </PDFSource>
    <AudioSource path="relative:///audio1.m4a" guid="[audio]" name="Zuid 1.m4a">
      <Transcript plainTextPath="internal://{guid("text")}.txt" guid="[transcript]" name="Zuid 1.docx">
        <SyncPoint guid="[p1]" position="55" timeStamp="15630" />
        <SyncPoint guid="[p2]" position="123" timeStamp="25650" />
        <TranscriptSelection guid="[a2]" name="{SPOKEN}" fromSyncPoint="[p1]" toSyncPoint="[p2]">
          <Coding guid="[b3]" creatingUser="[user]"><CodeRef targetGUID="[samenwerking]" /></Coding>
        </TranscriptSelection>
      </Transcript>
      <AudioSelection guid="[a3]" name="00:16.17 - 00:45.35" begin="16176" end="45358">
        <Coding guid="[b4]" creatingUser="[user]"><CodeRef targetGUID="[positief]" /></Coding>
      </AudioSelection>
    </AudioSource>
  </Sources>
  <Sets>
    <Set name="Alliantie Noord" guid="[g1]"><MemberSource targetGUID="[pdf]" /></Set>
    <Set name="Alliantie Zuid" guid="[g2]"><MemberSource targetGUID="[audio]" /></Set>
    <Set name="alliantie" guid="[g3]"><MemberSource targetGUID="[pdf]" /><MemberSource targetGUID="[audio]" /></Set>
  </Sets>
</Project>
""",
    upper=True,
)
