package dev.amikeeper.sweep;

import dev.amikeeper.image.Ami;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.ImageRef;
import dev.amikeeper.image.ImageTags;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The AMIs of a Region that have our tags, as EC2 lists them. The image that each AMI is, is read
 * from its tags once, not again for each policy.
 *
 * @param byId all of them
 * @param ours those whose tags and name agree, by policy and name
 * @param foreign the others
 */
public record TaggedAmis(
        Map<ImageId, Ami> byId,
        SortedMap<String, SortedMap<ImageName, Ami>> ours,
        List<Ami> foreign) {
    public TaggedAmis {
        byId = Collections.unmodifiableMap(new HashMap<>(byId));
        ours = Collections.unmodifiableSortedMap(new TreeMap<>(ours));
        foreign = List.copyOf(foreign);
    }

    /** Sorts the AMIs. An AMI that was listed twice counts once. */
    public static TaggedAmis of(Collection<Ami> amis) {
        Map<ImageId, Ami> byId = new HashMap<>();
        amis.forEach(ami -> byId.putIfAbsent(ami.id(), ami));
        SortedMap<String, SortedMap<ImageName, Ami>> ours = new TreeMap<>();
        List<Ami> foreign = new ArrayList<>();
        for (Ami ami : byId.values()) {
            nameOf(ami)
                    .ifPresentOrElse(
                            name ->
                                    ours.computeIfAbsent(name.policy(), _ -> new TreeMap<>())
                                            .put(name, ami),
                            () -> foreign.add(ami));
        }
        return new TaggedAmis(byId, ours, foreign);
    }

    /** The AMIs of a policy. */
    SortedMap<ImageName, Ami> of(String policy) {
        return ours.getOrDefault(policy, Collections.emptySortedMap());
    }

    /** The name of the image that an AMI is, if its tags and its name agree. */
    private static Optional<ImageName> nameOf(Ami ami) {
        return ImageTags.name(ami.tags())
                .filter(name -> name.toString().equals(ami.name()))
                .filter(name -> !ami.tags().containsKey(ImageTags.HOME) || home(ami).isPresent());
    }

    /** On a copy, the image that it is a copy of. */
    static Optional<ImageRef> home(Ami ami) {
        return Optional.ofNullable(ami.tags().get(ImageTags.HOME)).flatMap(ImageRef::parse);
    }
}
