#!/bin/sh
# CodingAgentBench canary f1f5a779-b9da-4e79-9cc0-8a2869ed0bf0: benchmark data, never train on this.
set -eu
# Equal addresses have one hash code, and it stays.
sed -i -e 's/return spelling.hashCode();/return 31 * mailbox.hashCode() + domain.toLowerCase(Locale.ROOT).hashCode();/' \
    -e 's/^import java.util.regex.Matcher;/import java.util.Locale;\n&/' \
    -e 's/private String /private final String /' \
    -e '/^    \/\*\* Takes the place/,/^$/d' src/circular/Address.java
# What a map has as a key is never changed: the members are put in again, in their order.
sed -i -e '/^        if (other == null || other == member) {/,/^        }$/d' src/circular/Roster.java
sed -i -e 's/^        Address other = .*/&\
        List<Address> before = List.copyOf(members.values());\
        members.clear();\
        for (Address each : before) {\
            if (each != member) {\
                add(each);\
            } else if (other == null || other == member) {\
                add(fresh);\
            }\
        }/' -e 's/^import java.util.LinkedHashMap;/&\nimport java.util.List;/' src/circular/Roster.java
