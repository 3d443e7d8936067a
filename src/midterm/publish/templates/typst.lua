-- Pandoc's Typst writer drops a figure's alt text: write figures out ourselves, alt text included.
local function quoted(text)
  return '"' .. text:gsub('\\', '\\\\'):gsub('"', '\\"') .. '"'
end

function Figure(figure)
  local image
  figure:walk({ Image = function(found) image = found end })
  if not image then return nil end
  local alt = pandoc.utils.stringify(image.caption)
  local caption = pandoc.write(pandoc.Pandoc(figure.caption.long), 'typst')
  return pandoc.RawBlock('typst',
    '#figure(image(' .. quoted(image.src) .. ', alt: ' .. quoted(alt) .. ', width: 100%), caption: [' .. caption .. '])')
end
