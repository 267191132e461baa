# Debian packages, by CPack; deploy/packages builds them. What a distribution puts outside the prefix is
# installed only here, so that `cmake --install` touches nothing but its prefix.
option(HEALTHD_PACKAGES "prepare Debian packages" OFF)
if(NOT HEALTHD_PACKAGES)
    return()
endif()

# Which package holds what. Who replays traces needs no daemon; who embeds the library, none of the programs,
# which are linked with the static one. healthd-bench needs this tree and is in no package.
set(packages healthd healthd-agent healthd-tools libhealthd0 libhealthd-dev)

# ---- What only packages have ----

set(debian ${PROJECT_BINARY_DIR}/debian)
string(TIMESTAMP changelog_date "%a, %d %b %Y %H:%M:%S +0000" UTC) # SOURCE_DATE_EPOCH's
set(maintainer "$ENV{DEBFULLNAME} <$ENV{DEBEMAIL}>")
configure_file(deploy/debian/changelog.in ${debian}/changelog @ONLY)
foreach(package ${packages})
    install(FILES ${debian}/changelog deploy/debian/copyright
        DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${package} COMPONENT ${package})
endforeach()

# A daemon's unit, and the scripts that enable, start, stop and forget it.
function(healthd_service package)
    install(FILES deploy/${package}.service DESTINATION /lib/systemd/system COMPONENT ${package})
    foreach(script postinst prerm postrm)
        configure_file(deploy/debian/${script}.in ${debian}/${package}/${script} @ONLY)
        list(APPEND control ${debian}/${package}/${script})
    endforeach()
    string(TOUPPER ${package} name)
    set(CPACK_DEBIAN_${name}_PACKAGE_CONTROL_EXTRA "${control};${PROJECT_SOURCE_DIR}/deploy/debian/${package}/conffiles"
        PARENT_SCOPE)
endfunction()

set(CONFIGURATION /etc/healthd/healthd.yaml)
set(STATE /var/lib/healthd)
set(ACCOUNTS healthd.conf)
healthd_service(healthd)
set(CONFIGURATION /etc/healthd/agent.env)
set(STATE "")
set(ACCOUNTS "")
healthd_service(healthd-agent)
install(FILES deploy/healthd.yaml DESTINATION /etc/healthd RENAME healthd.yaml.example COMPONENT healthd)
install(FILES deploy/agent.env DESTINATION /etc/healthd RENAME agent.env.example COMPONENT healthd-agent)
install(FILES deploy/healthd.sysusers DESTINATION lib/sysusers.d RENAME healthd.conf COMPONENT healthd)
install(FILES deploy/healthd.tmpfiles DESTINATION lib/tmpfiles.d RENAME healthd.conf COMPONENT healthd)
install(FILES deploy/debian/libhealthd0/overrides
    DESTINATION ${CMAKE_INSTALL_DATADIR}/lintian/overrides RENAME libhealthd0 COMPONENT libhealthd0)
install(DIRECTORY deploy/handlers deploy/haproxy deploy/proxysql deploy/prometheus deploy/grafana
    DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/healthd/examples COMPONENT healthd USE_SOURCE_PERMISSIONS)
install(FILES docs/redis.md docs/alerts.md docs/handling.md DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/healthd COMPONENT healthd)
install(FILES docs/examples/controller.c
    DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/libhealthd-dev/examples COMPONENT libhealthd-dev)

# ---- CPack ----

set(CPACK_GENERATOR DEB)
set(CPACK_COMPONENTS_ALL ${packages})
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_GROUPING ONE_PER_GROUP)
set(CPACK_PACKAGING_INSTALL_PREFIX ${CMAKE_INSTALL_PREFIX})
set(CPACK_PRE_BUILD_SCRIPTS ${PROJECT_SOURCE_DIR}/deploy/debian/stage.cmake)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_MAINTAINER ${maintainer})
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY ">=")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "") # each has its own

foreach(package ${packages})
    string(TOUPPER ${package} name)
    set(CPACK_DEBIAN_${name}_PACKAGE_NAME ${package})
    set(CPACK_DEBIAN_${name}_PACKAGE_SECTION database)
    file(READ deploy/debian/${package}/description CPACK_COMPONENT_${name}_DESCRIPTION)
endforeach()

set(CPACK_DEBIAN_HEALTHD_PACKAGE_DEPENDS
    "init-system-helpers (>= 1.54)"
    "systemd | systemd-standalone-sysusers | systemd-sysusers"
    "systemd | systemd-standalone-tmpfiles | systemd-tmpfiles")
list(JOIN CPACK_DEBIAN_HEALTHD_PACKAGE_DEPENDS ", " CPACK_DEBIAN_HEALTHD_PACKAGE_DEPENDS)
set(CPACK_DEBIAN_HEALTHD_PACKAGE_RECOMMENDS healthd-tools)
set(CPACK_DEBIAN_HEALTHD_PACKAGE_SUGGESTS redis-server)
set(CPACK_DEBIAN_HEALTHD-AGENT_PACKAGE_DEPENDS "init-system-helpers (>= 1.54)")
set(CPACK_DEBIAN_LIBHEALTHD0_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_LIBHEALTHD0_PACKAGE_CONTROL_EXTRA ${PROJECT_SOURCE_DIR}/deploy/debian/libhealthd0/triggers)
set(CPACK_DEBIAN_LIBHEALTHD-DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_LIBHEALTHD-DEV_PACKAGE_SHLIBDEPS OFF)
set(CPACK_DEBIAN_LIBHEALTHD-DEV_PACKAGE_DEPENDS "libhealthd0 (= ${PROJECT_VERSION})")
include(CPack)
