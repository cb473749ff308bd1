# Writes a C file that holds files as bytes: cmake -DFILES=a;b -DNAMES=x;y -DOUT=F.c -P embed.cmake
set(text "#include \"stress/report/page_assets.h\"\n")
foreach(file name IN ZIP_LISTS FILES NAMES)
  file(READ ${file} hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  string(APPEND text "static const unsigned char ${name}_bytes[] = {${bytes}};\n"
                     "const struct page_asset page_${name} = {${name}_bytes, sizeof(${name}_bytes)};\n")
endforeach()
file(WRITE ${OUT} "${text}")
