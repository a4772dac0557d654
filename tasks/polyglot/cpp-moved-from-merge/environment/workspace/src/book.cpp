#include "book.hpp"

#include <cstddef>
#include <utility>

namespace {

void print_entry(std::ostream &output, const std::string &term, const Entry &entry) {
    output << term << '\n';
    std::size_t number = 0;
    for (const std::string &meaning : entry.meanings) {
        output << "  " << ++number << ". " << meaning << '\n';
    }
    const char *before = "  tags: ";
    for (const std::string &tag : entry.tags) {
        output << std::exchange(before, ", ") << tag;
    }
    if (!entry.tags.empty()) {
        output << '\n';
    }
}

}  // namespace

void Book::add(std::string term, Entry entry) {
    const auto [place, fresh] = entries_.insert({std::move(term), std::move(entry)});
    if (!fresh) {
        place->second.absorb(std::move(entry));
    }
}

void Book::add_alias(std::string term, std::string other) {
    aliases_.insert_or_assign(std::move(term), std::move(other));
}

std::string Book::end_of(const std::string &term) const {
    std::string end = term;
    std::size_t steps = 0;
    for (auto next = aliases_.find(end); next != aliases_.end(); next = aliases_.find(end)) {
        if (++steps > aliases_.size()) {
            throw Circle(term);
        }
        end = next->second;
    }
    return end;
}

void Book::resolve() {
    std::map<std::string, std::string> resolved;
    for (const auto &[alias, other] : aliases_) {
        resolved.emplace(alias, end_of(alias));
    }
    for (auto &[alias, end] : resolved) {
        Entry said;
        if (const auto own = entries_.find(alias); own != entries_.end()) {
            said = std::move(own->second);
            entries_.erase(own);
        }
        add(std::move(end), std::move(said));
    }
    aliases_ = std::move(resolved);
}

void Book::print(std::ostream &output) const {
    std::size_t meanings = 0;
    auto alias = aliases_.begin();
    const auto print_aliases = [&](const std::string *before) {
        for (; alias != aliases_.end() && (!before || alias->first < *before); ++alias) {
            output << alias->first << " -> " << alias->second << '\n';
        }
    };
    for (const auto &[term, entry] : entries_) {
        print_aliases(&term);
        print_entry(output, term, entry);
        meanings += entry.meanings.size();
    }
    print_aliases(nullptr);
    output << meanings << " meanings, " << entries_.size() << " terms, " << aliases_.size() << " aliases\n";
}
