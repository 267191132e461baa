# Documents as part of a program: one file of HTML, with its style and script in it, as bytes in C.
#
# A string literal would do for the bytes but for its length: ISO C promises 4095 characters.

# The base64 form of a SHA-256, as a Content-Security-Policy wants it: three bytes are four letters.
function(healthd_page_hash text result)
    set(letters "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    string(SHA256 hex "${text}")
    string(REGEX MATCHALL "......" groups "${hex}00")
    set(base64 "")
    foreach(group IN LISTS groups)
        foreach(shift 18 12 6 0)
            math(EXPR index "(0x${group} >> ${shift}) & 63")
            string(SUBSTRING "${letters}" ${index} 1 letter)
            string(APPEND base64 "${letter}")
        endforeach()
    endforeach()
    string(REGEX REPLACE "A$" "=" base64 "${base64}")
    set(${result} "${base64}" PARENT_SCOPE)
endfunction()

# All of these files in one text; CMake runs again when one changes.
function(healthd_page_read result)
    set(all "")
    foreach(file IN LISTS ARGN)
        set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
        file(READ ${file} text)
        string(APPEND all "${text}")
    endforeach()
    set(${result} "${all}" PARENT_SCOPE)
endfunction()

# NAME.c from a template, in which @STYLE@, @SCRIPT@ and @POLICY@ stand for what they say.
function(healthd_page name template)
    cmake_parse_arguments(PARSE_ARGV 2 page "" "" "STYLES;SCRIPTS")
    healthd_page_read(html ${template})
    healthd_page_read(style ${page_STYLES})
    healthd_page_read(script ${page_SCRIPTS})
    healthd_page_hash("${style}" style_hash)
    healthd_page_hash("${script}" script_hash)
    string(CONCAT policy "default-src 'none'; script-src 'sha256-${script_hash}'; "
        "style-src 'sha256-${style_hash}'; img-src data:; connect-src 'self'; base-uri 'none'; "
        "form-action 'none'")
    string(REPLACE "@POLICY@" "${policy}" html "${html}")
    string(REPLACE "@STYLE@" "${style}" html "${html}")
    string(REPLACE "@SCRIPT@" "${script}" html "${html}")
    file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/${name}.html "${html}")
    file(READ ${CMAKE_CURRENT_BINARY_DIR}/${name}.html bytes HEX)
    string(LENGTH "${bytes}" length)
    math(EXPR length "${length} / 2")
    string(REPEAT "." 40 line)
    string(REGEX REPLACE "(${line})" "\\1\n    " bytes "${bytes}")
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
    file(CONFIGURE OUTPUT ${name}.c @ONLY CONTENT [[
/*
 * @name@.c - @template@ as part of the program. Made by CMake.
 */
#include "page/page.h"

static const unsigned char bytes[] = {
    @bytes@
};

const struct page @name@ = {
    .bytes = (const char *)bytes,
    .length = @length@,
    .policy = "@policy@",
};
]])
endfunction()
