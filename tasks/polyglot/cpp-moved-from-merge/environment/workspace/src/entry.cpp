#include "entry.hpp"

#include <algorithm>
#include <utility>

void Entry::absorb(Entry other) {
    for (std::string &meaning : other.meanings) {
        if (std::ranges::find(meanings, meaning) == meanings.end()) {
            meanings.push_back(std::move(meaning));
        }
    }
    tags.merge(other.tags);
}
