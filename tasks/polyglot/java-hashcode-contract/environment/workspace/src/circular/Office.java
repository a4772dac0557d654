package circular;

import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** All lists, and the letters that came back. */
final class Office {
    private static final int BOUNCES_TO_REMOVAL = 3;

    private final Map<String, Roster> rosters = new LinkedHashMap<>();
    private final Map<Address, Integer> bounces = new HashMap<>();

    private Roster roster(String list) {
        return rosters.computeIfAbsent(list, name -> new Roster());
    }

    String join(String list, Address address) {
        Roster roster = roster(list);
        Address there = roster.find(address);
        if (there != null) {
            return "there as " + there;
        }
        roster.add(address);
        return "joined";
    }

    String leave(String list, Address address) {
        return roster(list).remove(address) ? "left" : "not there";
    }

    String who(String list) {
        Collection<Address> members = roster(list).members();
        return members.isEmpty() ? "nobody" : spelt(members);
    }

    String send(List<String> lists) {
        Set<Address> all = new LinkedHashSet<>();
        for (String list : lists) {
            all.addAll(roster(list).members());
        }
        return all.isEmpty() ? "0 letters" : all.size() + " letters: " + spelt(all);
    }

    String move(Address old, Address fresh) {
        int moved = 0;
        for (Roster roster : rosters.values()) {
            if (roster.replace(old, fresh)) {
                moved++;
            }
        }
        if (!old.equals(fresh)) {
            bounces.remove(old);
        }
        return "moved in " + moved;
    }

    String bounce(Address address) {
        int count = bounces.merge(address, 1, Integer::sum);
        if (count < BOUNCES_TO_REMOVAL) {
            return "bounce " + count;
        }
        bounces.remove(address);
        int removed = 0;
        for (Roster roster : rosters.values()) {
            if (roster.remove(address)) {
                removed++;
            }
        }
        return "removed from " + removed;
    }

    private static String spelt(Collection<Address> addresses) {
        return String.join(" ", addresses.stream().map(Address::toString).toList());
    }
}
