--[[ The documents: in, a list of manuscripts as JSON; out, each in every format asked for, with one numbering of figures and tables.

Run as `pandoc lua documents.lua JOBS`. A manuscript is read and numbered once; what a format calls a numbered caption or a reference
stands in it as raw text of that format, which the writers of the others leave out. An empty link to `#fig-…` or `#tab-…` is such a
reference. A line on standard output says what is ready. ]]

local WRITERS = { html = 'html5', pdf = 'typst', docx = 'docx', odt = 'odt' }
local TEMPLATES = { docx = 'openxml', odt = 'opendocument' }
local KINDS = { fig = 'figure', tab = 'table' }
local TOGETHER, LINE = 26, 105 -- a table of at most so many lines stays on one page; a line holds so many small characters
local LONGEST = 40 -- characters in the name of a bookmark in Word

local function content_of(path)
  local file = assert(io.open(path, 'rb'))
  local content = file:read('a')
  file:close()
  return content
end

local function write(path, content)
  local file = assert(io.open(path, 'wb'))
  assert(file:write(content))
  assert(file:close())
end

local function xml(text)
  return (text:gsub('[&<>"]', { ['&'] = '&amp;', ['<'] = '&lt;', ['>'] = '&gt;', ['"'] = '&quot;' }))
end

local function quoted(text)
  return '"' .. text:gsub('\\', '\\\\'):gsub('"', '\\"') .. '"'
end

--- Return the text `pattern` with each {name} filled in.
local function filled(pattern, values)
  return (pattern:gsub('{(%w+)}', values))
end

-- Typst numbers by itself. `place` is the name of the number's bookmark.
local CAPTION = {
  html = '{word} {number}. ',
  openxml = '<w:r><w:t xml:space="preserve">{word} </w:t></w:r><w:bookmarkStart w:id="{id}" w:name="{place}" />'
    .. '<w:fldSimple w:instr=" SEQ {field} \\* ARABIC "><w:r><w:t>{number}</w:t></w:r></w:fldSimple><w:bookmarkEnd w:id="{id}" />'
    .. '<w:r><w:t xml:space="preserve">. </w:t></w:r>',
  opendocument = '<text:bookmark text:name="{place}" />{word} <text:sequence text:ref-name="{place}" text:name="{sequence}"'
    .. ' text:formula="ooow:{sequence}+1" style:num-format="1">{number}</text:sequence>. ',
}
local REFERENCE = {
  html = '<a href="#{id}">{word} {number}</a>',
  typst = '#ref(<{id}>, supplement: "{word}");',
  openxml = '<w:hyperlink w:anchor="{place}"><w:r><w:rPr><w:rStyle w:val="Hyperlink" /></w:rPr><w:t xml:space="preserve">{word} </w:t></w:r>'
    .. '<w:fldSimple w:instr=" REF {place} \\h "><w:r><w:rPr><w:rStyle w:val="Hyperlink" /></w:rPr><w:t>{number}</w:t></w:r></w:fldSimple></w:hyperlink>',
  opendocument = '<text:a xlink:type="simple" xlink:href="#{place}" text:style-name="Internet_20_link">{word} '
    .. '<text:sequence-ref text:reference-format="value" text:ref-name="{place}">{number}</text:sequence-ref></text:a>',
}

--- Return raw inlines, one for each format in `patterns`.
local function raws(patterns, values)
  local inlines = pandoc.Inlines({})
  for _, format in ipairs({ 'html', 'typst', 'openxml', 'opendocument' }) do
    if patterns[format] then inlines:insert(pandoc.RawInline(format, filled(patterns[format], values))) end
  end
  return inlines
end

local function picture_of(figure)
  local found
  figure:walk({ Image = function(image) found = image end })
  return found
end

--- Mark headers of columns, and of rows where the first column names them: filled, and never the same twice.
local function with_headers(tbl)
  for _, row in ipairs(tbl.head.rows) do
    for _, cell in ipairs(row.cells) do cell.attr.attributes.scope = 'col' end
  end
  for at, body in ipairs(tbl.bodies) do
    local seen, names_rows = {}, #body.body > 1
    for _, row in ipairs(body.body) do
      local text = pandoc.utils.stringify(row.cells[1].contents)
      names_rows = names_rows and text ~= '' and not seen[text]
      seen[text] = true
    end
    if names_rows then
      for _, row in ipairs(body.body) do row.cells[1].attr.attributes.scope = 'row' end
      body.row_head_columns = 1
      tbl.bodies[at] = body
    end
  end
  return tbl
end

--- Return whether a table is short enough to stay on one page.
local function is_short(tbl)
  local widths, lines = {}, 0
  for at, spec in ipairs(tbl.colspecs) do widths[at] = math.max(3, LINE * (spec[2] or 1) - 2) end
  for _, body in ipairs(tbl.bodies) do
    if #body.body > TOGETHER then return false end
    for _, row in ipairs(body.body) do
      local most = 1
      for at, cell in ipairs(row.cells) do
        most = math.max(most, math.ceil((utf8.len(pandoc.utils.stringify(cell.contents)) or 1) / widths[at]))
      end
      lines = lines + most
    end
  end
  return lines <= TOGETHER
end

--- Number figures and tables; return the document, what references lead to by id (the first place of what is there twice), its headings,
--- and the alt texts of its pictures by name.
local function numbered(doc, words)
  local targets, counts, headings, pictures = {}, { fig = 0, tab = 0, heading = 0 }, {}, {}
  local function captioned(element, kind)
    local number = counts[kind] + 1
    counts[kind] = number
    local values = { number = number, place = kind .. '_' .. number, word = xml(words[KINDS[kind]]), sequence = kind == 'fig' and 'Figure' or 'Table' }
    values.field = values.word:gsub('%s', '') -- Word takes a name without spaces
    values.id = (kind == 'fig' and 100000 or 200000) + number
    local first = element.caption.long[1]
    if first and values.word ~= '' then
      first.content = raws(CAPTION, values) .. first.content
      element.caption.long[1] = first
    end
    if targets[element.identifier] then element.identifier = '' end
    if element.identifier ~= '' then targets[element.identifier] = { kind = kind, number = number, place = values.place } end
    return element
  end
  local made = doc:walk({
    Figure = function(figure)
      local picture = picture_of(figure)
      pictures[picture.src] = pandoc.utils.stringify(picture.caption)
      return captioned(figure, 'fig')
    end,
    Table = function(tbl)
      local made = with_headers(captioned(tbl, 'tab'))
      if not is_short(tbl) then return made end
      return { pandoc.RawBlock('typst', '#[\n#show figure: set block(breakable: false)'), made, pandoc.RawBlock('typst', ']') }
    end,
    Div = function(div)
      if div.classes:includes('absent') then targets[div.identifier] = { kind = 'absent' } end
    end,
    Span = function(span) -- pandoc's writer of Typst would drop the language
      local language = (span.attributes.lang or ''):match('^%a%a%a?$')
      if not language then return nil end
      return { pandoc.RawInline('typst', '#text(lang: ' .. quoted(language) .. ')['), span, pandoc.RawInline('typst', ']') }
    end,
    Header = function(header)
      counts.heading = counts.heading + 1
      if #header.identifier > LONGEST then
        header.identifier = header.identifier:sub(1, LONGEST - 6):gsub('[\xc0-\xff]?[\x80-\xbf]*$', '') .. '_' .. counts.heading
      end
      if header.level <= 2 then
        table.insert(headings, { level = header.level, id = header.identifier, text = pandoc.utils.stringify(header.content) })
      end
      return header
    end,
  })
  return made, targets, headings, pictures
end

--- Turn each reference into what the formats call one.
local function referred(doc, targets, words)
  return doc:walk({ Link = function(link)
    local id = link.target:sub(2)
    local target = link.target:sub(1, 1) == '#' and #link.content == 0 and targets[id]
    if not target then return nil end
    if target.kind == 'absent' then return pandoc.Link(words.see_absent, link.target) end
    local word = words['see_' .. KINDS[target.kind]]
    if link.classes:includes('capital') then word = word:sub(1, 1):upper() .. word:sub(2) end
    return raws(REFERENCE, { id = id, number = target.number, place = target.place, word = xml(word) })
  end })
end

--- Return a figure as Typst: pandoc's own writer would drop its alt text.
local function drawn(figure)
  local picture = picture_of(figure)
  local caption = pandoc.write(pandoc.Pandoc(figure.caption.long), 'typst')
  local label = figure.identifier ~= '' and ' <' .. figure.identifier .. '>' or ''
  return pandoc.RawBlock('typst', '#figure(image(' .. quoted(picture.src .. '.svg') .. ', alt: ' .. quoted(pandoc.utils.stringify(picture.caption))
    .. ', width: 100%), caption: [' .. caption .. '])' .. label)
end

local CONTENTS = {}

function CONTENTS.docx(headings, title)
  local parts = { '<w:sdt><w:sdtPr><w:docPartObj><w:docPartGallery w:val="Table of Contents" /><w:docPartUnique /></w:docPartObj></w:sdtPr><w:sdtContent>'
    .. '<w:p><w:pPr><w:pStyle w:val="TOCHeading" /></w:pPr><w:r><w:t>' .. xml(title) .. '</w:t></w:r></w:p>' }
  for at, heading in ipairs(headings) do
    local start = at > 1 and '' or '<w:r><w:fldChar w:fldCharType="begin" w:dirty="true" /></w:r><w:r><w:instrText xml:space="preserve">'
      .. ' TOC \\o "1-2" \\h \\z \\u </w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate" /></w:r>'
    local stop = at < #headings and '' or '<w:r><w:fldChar w:fldCharType="end" /></w:r>'
    parts[#parts + 1] = '<w:p><w:pPr><w:pStyle w:val="TOC' .. heading.level .. '" /></w:pPr>' .. start .. '<w:hyperlink w:anchor="' .. xml(heading.id)
      .. '"><w:r><w:t xml:space="preserve">' .. xml(heading.text) .. '</w:t></w:r></w:hyperlink>' .. stop .. '</w:p>'
  end
  return pandoc.RawBlock('openxml', table.concat(parts) .. '</w:sdtContent></w:sdt>')
end

function CONTENTS.odt(headings, title)
  local source = { '<text:table-of-content text:name="Contents" text:protected="true"><text:table-of-content-source text:outline-level="2">'
    .. '<text:index-title-template text:style-name="Contents_20_Heading">' .. xml(title) .. '</text:index-title-template>' }
  for level = 1, 2 do
    source[#source + 1] = '<text:table-of-content-entry-template text:outline-level="' .. level .. '" text:style-name="Contents_20_' .. level .. '">'
      .. '<text:index-entry-link-start /><text:index-entry-text /><text:index-entry-tab-stop style:type="right" style:leader-char="." />'
      .. '<text:index-entry-page-number /><text:index-entry-link-end /></text:table-of-content-entry-template>'
  end
  source[#source + 1] = '</text:table-of-content-source><text:index-body><text:index-title text:name="Contents_Head">'
    .. '<text:p text:style-name="Contents_20_Heading">' .. xml(title) .. '</text:p></text:index-title>'
  for _, heading in ipairs(headings) do
    source[#source + 1] = '<text:p text:style-name="Contents_20_' .. heading.level .. '"><text:a xlink:type="simple" xlink:href="#' .. xml(heading.id) .. '">'
      .. xml(heading.text) .. '</text:a></text:p>'
  end
  return pandoc.RawBlock('opendocument', table.concat(source) .. '</text:index-body></text:table-of-content>')
end

--- Return the blocks that open an office document: the mark, the notice and the contents.
local function front(kind, headings, meta)
  local blocks = pandoc.Blocks({})
  if meta.mark then blocks:insert(pandoc.Para(pandoc.Strong(pandoc.Str(meta.mark)))) end
  if meta.notice then blocks:insert(pandoc.Para(pandoc.Str(meta.notice))) end
  if #headings > 0 and meta['toc-title'] then blocks:insert(CONTENTS[kind](headings, meta['toc-title'])) end
  return blocks
end

local function written(kind, doc, headings, manuscript, templates)
  if kind == 'pdf' then return pandoc.write(doc:walk({ Figure = drawn }), WRITERS.pdf) end
  local options = { template = templates[kind], reference_doc = manuscript.references[kind], table_of_contents = kind == 'html', toc_depth = 2, wrap_text = 'wrap-none' }
  if kind == 'html' then
    options.variables = { css = manuscript.css }
    return pandoc.write(doc, WRITERS.html, options)
  end
  return pandoc.write(pandoc.Pandoc(front(kind, headings, manuscript.meta) .. doc.blocks, doc.meta), WRITERS[kind], options)
end

local function make(at, manuscript, job, templates)
  local doc, targets, headings, pictures = numbered(pandoc.read(content_of(manuscript.source), job.reader), manuscript.words)
  doc = referred(doc, targets, manuscript.words)
  for key, text in pairs(manuscript.meta) do doc.meta[key] = pandoc.MetaInlines(pandoc.Str(text)) end
  for name, alt in pairs(pictures) do -- a stand-in: its name and alt text are for whoever puts the real picture in
    pandoc.mediabag.insert(name, 'image/png', content_of(manuscript.pictures .. '/' .. name) .. '\n' .. alt)
  end
  for place, output in ipairs(manuscript.outputs) do
    write(output.path, written(output.format, doc, headings, manuscript, templates))
    print(at .. ' ' .. place - 1)
    io.stdout:flush()
  end
end

local job = pandoc.json.decode(content_of(arg[1]), false)
local templates = { html = pandoc.template.compile(content_of(job.html)) }
for kind, name in pairs(TEMPLATES) do templates[kind] = pandoc.template.compile(pandoc.template.default(name)) end
for at, manuscript in ipairs(job.manuscripts) do make(at - 1, manuscript, job, templates) end
