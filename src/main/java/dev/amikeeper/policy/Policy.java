package dev.amikeeper.policy;

import dev.amikeeper.image.Image;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Trigger;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * One policy of the file: what it selects, when, and what becomes of the images.
 *
 * @param schedule absent: images are made on events only
 * @param on the events that make an image
 * @param keep absent: nothing is ever removed under this policy
 * @param protect whether the newest images get EC2's deregistration protection
 * @param replicate the DR Regions; {@link #destinations} leaves out an image's own Region
 */
public record Policy(
        String name,
        Selector select,
        Optional<Schedule> schedule,
        Set<Trigger> on,
        Imaging image,
        Optional<Keep> keep,
        Map<Region, Replica> replicate,
        Share share,
        Retire retire,
        boolean protect,
        Limits limits) {
    public Policy {
        on = Set.copyOf(on);
        replicate = Map.copyOf(replicate);
    }

    /** In the place of a policy that is not in the file any more: it keeps all its images. */
    public static Policy forgotten(String name) {
        return new Policy(
                name,
                new Selector(Map.of(), Map.of(), Set.of(), List.of()),
                Optional.empty(),
                Set.of(),
                new Imaging(false, List.of(), List.of()),
                Optional.empty(),
                Map.of(),
                new Share(List.of(), List.of(), List.of()),
                new Retire(Optional.empty(), Optional.empty()),
                false,
                new Limits(Optional.empty(), Optional.empty()));
    }

    /** The DR Regions of an image that was made in {@code home}, in the order of their names. */
    public List<Region> destinations(Region home) {
        return replicate.keySet().stream().filter(to -> !to.equals(home)).sorted().toList();
    }

    /**
     * What keeps this image. Home images have the policy's rules, copies those of their Region or
     * else the policy's. In a Region that the policy does not name (any more) nothing is removed.
     */
    public Optional<Keep> keepFor(Image image) {
        if (!image.isCopy()) {
            return select.regions().contains(image.region()) ? keep : Optional.empty();
        }
        return Optional.ofNullable(replicate.get(image.region()))
                .flatMap(replica -> replica.keep().or(() -> keep));
    }

    /**
     * How an instance is imaged.
     *
     * @param reboot whether the instance may be rebooted for a consistent file system
     * @param excludeDevices device names of volumes to leave out
     * @param copyTags patterns of the instance's tag keys that its images get
     */
    public record Imaging(boolean reboot, List<String> excludeDevices, List<String> copyTags) {
        public Imaging {
            excludeDevices = List.copyOf(excludeDevices);
            copyTags = List.copyOf(copyTags);
        }
    }

    /** What is special in one DR Region. */
    public record Replica(Optional<String> kmsKey, Optional<Keep> keep) {}

    /** Who may launch the images: account ids, organisation ARNs, organisational unit ARNs. */
    public record Share(
            List<String> accounts, List<String> organizations, List<String> organizationalUnits) {
        public Share {
            accounts = List.copyOf(accounts);
            organizations = List.copyOf(organizations);
            organizationalUnits = List.copyOf(organizationalUnits);
        }

        /** Whether nobody is named. */
        public boolean isEmpty() {
            return all().isEmpty();
        }

        /** Everybody who is named. */
        public List<String> all() {
            return Stream.of(accounts, organizations, organizationalUnits)
                    .flatMap(List::stream)
                    .toList();
        }
    }

    /** The stages before removal; an absent one is skipped. */
    public record Retire(Optional<Duration> deprecateAfter, Optional<Duration> disableFor) {}

    /** The breaker, per policy and run; an absent limit does not limit. */
    public record Limits(Optional<Integer> maxRemovePercent, Optional<Integer> maxRemoveCount) {}
}
