# What CPack has staged, as Debian wants it: manuals and changelogs are compressed, without their time, so that
# the same source makes the same package. The times of files are SOURCE_DATE_EPOCH by CPack itself.
file(GLOB_RECURSE texts ${CPACK_TEMPORARY_DIRECTORY}/*/usr/share/man/* ${CPACK_TEMPORARY_DIRECTORY}/*/changelog
    ${CPACK_TEMPORARY_DIRECTORY}/*/doc/*.md)
execute_process(COMMAND gzip -9n ${texts} COMMAND_ERROR_IS_FATAL ANY)
