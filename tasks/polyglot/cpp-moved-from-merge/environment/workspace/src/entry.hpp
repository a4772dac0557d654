#pragma once

#include <set>
#include <string>
#include <vector>

/** What is said of one term. */
struct Entry {
    std::vector<std::string> meanings;
    std::set<std::string> tags;

    /** Takes over what another entry says and this one doesn't. */
    void absorb(Entry other);
};
