package circular;

import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** The members of one list, in order. */
final class Roster {
    /** Each member by itself, so that the spelling that is there can be told. */
    private final Map<Address, Address> members = new LinkedHashMap<>();

    /** The member that is this address, or null. */
    Address find(Address address) {
        return members.get(address);
    }

    void add(Address address) {
        members.putIfAbsent(address, address);
    }

    /** Whether it was there. */
    boolean remove(Address address) {
        return members.remove(address) != null;
    }

    /** Puts one address in the place of another. Returns whether that was there. */
    boolean replace(Address old, Address fresh) {
        Address member = members.get(old);
        if (member == null) {
            return false;
        }
        Address other = members.get(fresh);
        if (other == null || other == member) {
            member.become(fresh);
        } else {
            members.remove(old);
        }
        return true;
    }

    Collection<Address> members() {
        return Collections.unmodifiableCollection(members.values());
    }
}
