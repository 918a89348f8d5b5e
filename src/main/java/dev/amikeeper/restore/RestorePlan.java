package dev.amikeeper.restore;

import dev.amikeeper.image.Capsule;
import dev.amikeeper.image.CapsuleFields;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.Instance;
import dev.amikeeper.image.Networks;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * How a server comes back: what it gets, what will differ from the original, and what is missing
 * before it can be launched. Pure.
 *
 * @param image the image that it is restored from
 * @param as what it gets; complete only if nothing is missing
 * @param differences in the order in which a person would ask
 * @param missing what has to be supplied before anything is launched
 * @param original the server itself, if it still exists: the restored one would stand beside it
 */
public record RestorePlan(
        Image image,
        Capsule as,
        List<Difference> differences,
        List<MissingPart> missing,
        Optional<Instance> original) {

    public RestorePlan {
        differences = List.copyOf(differences);
        missing = List.copyOf(missing);
    }

    /** What will differ from the original. */
    public record Difference(String what, String original, String restored) {}

    /**
     * What is missing in the Region.
     *
     * @param part the part of the mapping that supplies it, as {@code subnets}
     * @param original what the original has; empty if unknown
     * @param why what is missing and what supplies it
     */
    public record MissingPart(String part, String original, String why) {}

    /** Whether the server can be launched. */
    public boolean isWhole() {
        return missing.isEmpty();
    }

    /** What EC2 has to be asked for to make the plan of one server. */
    static Networks.Query wanted(Capsule original, RestoreOptions wish) {
        RestoreOptions.Mapping mapping = wish.mapping();
        List<String> subnets = new ArrayList<>(wish.subnet().stream().toList());
        original.subnets().map(id -> mapping.subnets().getOrDefault(id, id)).forEach(subnets::add);
        List<String> groups = new ArrayList<>(wish.groups());
        Stream.concat(
                        original.groups().stream(),
                        original.interfaces().stream().flatMap(one -> one.groups().stream()))
                .map(id -> mapping.securityGroups().getOrDefault(id, id))
                .forEach(groups::add);
        return new Networks.Query(
                subnets,
                groups,
                original.keyPair().stream()
                        .map(name -> mapping.keyPairs().getOrDefault(name, name))
                        .toList(),
                List.of(type(original, wish)),
                wish.elasticIp(original.addresses().elastic()).stream().toList());
    }

    static String type(Capsule original, RestoreOptions wish) {
        return wish.type()
                .orElse(wish.mapping().types().getOrDefault(original.type(), original.type()));
    }

    /** The capsule of an original about which nothing is known. */
    static Capsule unknown() {
        return CapsuleFields.read(Map.of("type", "")).orElseThrow();
    }

    /**
     * What is available to restore a server with, and what is known about the server itself.
     *
     * @param there what the image's Region has
     * @param noProfiles instance profiles, as they are asked for, that certainly do not exist
     * @param living the server itself, if it is not gone
     * @param unseen why nobody knows whether it still exists; empty if that is known
     */
    record RestoreFacts(
            Networks there, Set<String> noProfiles, Optional<Instance> living, String unseen) {
        RestoreFacts {
            noProfiles = Set.copyOf(noProfiles);
        }

        /** Facts about a server that is gone and whose instance profile exists. */
        RestoreFacts(Networks there) {
            this(there, Set.of(), Optional.empty(), "");
        }
    }

    /** Makes the plan of one server that is gone. */
    static RestorePlan of(Image image, RestoreOptions wish, Networks there) {
        return of(image, wish, new RestoreFacts(there));
    }

    /** Makes the plan of one server. */
    static RestorePlan of(Image image, RestoreOptions wish, RestoreFacts known) {
        return new LaunchPlan(image, wish, known).plan();
    }

    /** The instance profile that the server is to get, as it is asked for. */
    static Optional<String> profile(Image image, RestoreOptions wish) {
        return wish.instanceProfile(image.capsule().flatMap(Capsule::profile));
    }

    /**
     * Makes the plan of replacing the root volume of an existing instance.
     *
     * @param living the instance; empty if it is gone
     */
    static RestorePlan replacingRoot(Image image, Optional<Instance> living) {
        List<MissingPart> missing = new ArrayList<>();
        if (image.isCopy()) {
            missing.add(
                    new MissingPart(
                            "image",
                            image.region().name(),
                            "a root volume is replaced from a home image; this is a copy in "
                                    + image.region()));
        }
        if (living.isEmpty() || !living.get().state().equals("running")) {
            missing.add(
                    new MissingPart(
                            "instance",
                            image.name().instance().value(),
                            "the instance must be running; it is "
                                    + living.map(Instance::state).orElse("gone")
                                    + ": restore it without --replace-root"));
        }
        return new RestorePlan(
                image,
                image.capsule().orElseGet(RestorePlan::unknown),
                List.of(
                        new Difference(
                                "root volume", "as it is now", "as of " + image.name().slot()),
                        new Difference("other volumes", "as they are now", "the same"),
                        new Difference("old root volume", "attached", "detached, and kept")),
                missing,
                Optional.empty());
    }
}
