package dev.amikeeper.policy;

import dev.amikeeper.image.Image;
import dev.amikeeper.image.Instance;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.ServerCommand;
import dev.amikeeper.image.Trigger;
import dev.amikeeper.image.Volume;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * One policy of the file: what it selects, when, and what becomes of the images.
 *
 * @param schedule absent: images are made on events only
 * @param on the events that make an image
 * @param keep absent: nothing is ever removed under this policy
 * @param drill how restoring from the images is proven; absent: it is not
 * @param store where old home images are stored for long keeping; absent: they are not
 * @param protect whether the newest images get EC2's deregistration protection
 * @param replicate the DR Regions; {@link #destinations} leaves out an image's own Region
 * @param prunesFormer whether images in Regions that the policy no longer names go by its rules,
 *     counted with the home images; else they stay
 * @param formerly names that it had before, or of policies that it took over: their images are its
 *     images. Its schedule knows nothing of theirs
 */
public record Policy(
        String name,
        Selector select,
        Optional<Schedule> schedule,
        Set<Trigger> on,
        Imaging image,
        Optional<Keep> keep,
        Map<Region, Replica> replicate,
        ShareRules share,
        Retire retire,
        boolean protect,
        Limits limits,
        Optional<Drill> drill,
        Optional<StoreRules> store,
        boolean prunesFormer,
        List<String> formerly) {
    public Policy {
        formerly = List.copyOf(formerly);
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
                new Imaging(false, List.of(), Map.of(), List.of(), UserData.NONE, Optional.empty()),
                Optional.empty(),
                Map.of(),
                ShareRules.NOBODY,
                new Retire(Optional.empty(), Optional.empty()),
                false,
                new Limits(Optional.empty(), Optional.empty()),
                Optional.empty(),
                Optional.empty(),
                false,
                List.of());
    }

    /** The names that its images may have, its own first. */
    public List<String> allNames() {
        return Stream.concat(Stream.of(name), formerly.stream()).toList();
    }

    /** Whether some image of it may be let go because its instance is gone. */
    public boolean letsGoneOnesGo() {
        return Stream.concat(
                        keep.stream(),
                        replicate.values().stream().flatMap(replica -> replica.keep().stream()))
                .anyMatch(rules -> rules.goneAfter().isPresent());
    }

    /** Whether it stands for one that is not in the file: that one selects something. */
    public boolean isForgotten() {
        return select.tags().isEmpty();
    }

    /** The DR Regions of an image that was made in {@code home}, in the order of their names. */
    public List<Region> destinations(Region home) {
        return replicate.keySet().stream().filter(to -> !to.equals(home)).sorted().toList();
    }

    /** Whether the policy has images of this kind, home images or copies, in its Region (still). */
    public boolean names(Image image) {
        return image.isCopy()
                ? replicate.containsKey(image.region())
                : select.regions().contains(image.region());
    }

    /** Of these images, those that are there in Regions that the policy does not name any more. */
    public List<Image> former(Collection<Image> images) {
        return images.stream()
                .filter(image -> !names(image))
                .filter(image ->
                        switch (image.state()) {
                            case AVAILABLE, DISABLING, DISABLED, ENABLING -> true;
                            case REQUESTED, CREATING, RETIRING, FAILED -> false;
                        })
                .toList();
    }

    /**
     * What keeps this image. Home images have the policy's rules, copies those of their Region or
     * else the policy's. In a Region that the policy does not name (any more) nothing is removed,
     * unless it says so: then its own rules count, for the Region's are not in the file any more.
     */
    public Optional<Keep> keepFor(Image image) {
        if (!names(image)) {
            return keep.filter(_ -> prunesFormer);
        }
        return Optional.ofNullable(replicate.get(image.region()))
                .filter(_ -> image.isCopy())
                .flatMap(Replica::keep)
                .or(() -> keep);
    }

    /**
     * The bucket in which this image is to be stored by now. Only home images are, once each, and
     * only good ones: what the rules let go before it was old enough is not held back for it.
     */
    public Optional<String> bucketFor(Image image, Instant now) {
        return store.filter(_ -> !image.isCopy() && image.isGood() && image.stored().isEmpty())
                .filter(_ -> select.regions().contains(image.region()))
                .filter(how -> !image.name().slot().time().plus(how.after()).isAfter(now))
                .map(how -> how.bucketIn(image.region()));
    }

    /**
     * How an instance is imaged.
     *
     * @param reboot whether the instance may be rebooted for a consistent file system
     * @param excludeDevices device names of volumes to leave out
     * @param excludeVolumes tags of volumes to leave out: a volume that has every key, with any of
     *     its values; empty for none
     * @param copyTags patterns of the keys of tags that images get of their instances, and
     *     snapshots of their volumes
     * @param userData what is recorded of the instance's user data
     * @param around the commands before and after the image; absent: there are none
     */
    public record Imaging(
            boolean reboot,
            List<String> excludeDevices,
            Map<String, List<String>> excludeVolumes,
            List<String> copyTags,
            UserData userData,
            Optional<Around> around) {
        public Imaging {
            excludeDevices = List.copyOf(excludeDevices);
            excludeVolumes = Map.copyOf(excludeVolumes);
            copyTags = List.copyOf(copyTags);
        }

        /**
         * The devices that the policy wants left out, the root volume's among them if it is meant,
         * too, which EC2 does not leave out.
         *
         * @param volumes the instance's, as far as they are known
         */
        public List<String> leavesOut(Instance instance, List<Volume> volumes) {
            Set<String> byTag =
                    volumes.stream()
                            .filter(this::leavesOut)
                            .map(Volume::device)
                            .collect(Collectors.toSet());
            return instance.devices().stream()
                    .filter(device -> excludeDevices.contains(device) || byTag.contains(device))
                    .toList();
        }

        private boolean leavesOut(Volume volume) {
            return !excludeVolumes.isEmpty()
                    && excludeVolumes.keySet().stream()
                            .allMatch(key -> Selector.has(volume.tags(), key, excludeVolumes));
        }
    }

    /**
     * The commands of Systems Manager that run on a server before its image is made and after it.
     *
     * @param before makes the server ready, as by freezing its file systems; after its time the
     *     image is made without it, or not at all
     * @param orNoImage whether there is no image where {@code before} does not succeed
     * @param after lets the server go again, whatever became of the image; after its time it is
     *     tried again
     */
    public record Around(ServerCommand before, boolean orNoImage, Optional<ServerCommand> after) {}

    /** What is recorded of an instance's user data, in which secrets may be. */
    public enum UserData {
        /** Nothing; it is not read. */
        NONE,
        /** Its SHA-256, by which a person can tell whether they have the right one. */
        HASH,
        /**
         * The user data itself, in the catalogue; the tags have only its hash. Whoever may read the
         * table can read the secrets in it: the template's parameter {@code TableKeyArn} gives the
         * table a customer key.
         */
        KEEP
    }

    /** What is special in one DR Region. */
    public record Replica(Optional<String> kmsKey, Optional<Keep> keep) {}

    /**
     * Who may launch the images: account ids, organisation ARNs, organisational unit ARNs.
     *
     * @param snapshots whether the accounts may create volumes from the images' snapshots, too,
     *     without which they cannot copy an image; EC2 allows it to no organisation
     */
    public record ShareRules(
            List<String> accounts,
            List<String> organizations,
            List<String> organizationalUnits,
            boolean snapshots) {
        /** With nobody. */
        public static final ShareRules NOBODY =
                new ShareRules(List.of(), List.of(), List.of(), false);

        public ShareRules {
            accounts = List.copyOf(accounts);
            organizations = List.copyOf(organizations);
            organizationalUnits = List.copyOf(organizationalUnits);
        }

        /**
         * Sorts by their kinds whom somebody names.
         *
         * @throws IllegalArgumentException if one is neither an account id nor such an ARN; so
         *     nobody can name everybody
         */
        public static ShareRules with(List<String> named) {
            List<String> accounts = new ArrayList<>();
            List<String> organizations = new ArrayList<>();
            List<String> units = new ArrayList<>();
            for (String who : named) {
                if (!who.startsWith("arn:")) {
                    accounts.add(Values.account(who));
                } else if (who.contains(":ou/")) {
                    units.add(Values.organizationalUnit(who));
                } else {
                    organizations.add(Values.organization(who));
                }
            }
            return new ShareRules(accounts, organizations, units, false);
        }

        /** Whether nobody is named. */
        public boolean isEmpty() {
            return all().isEmpty();
        }

        /** Which accounts may copy the images. */
        public List<String> copiers() {
            return snapshots ? accounts : List.of();
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

    /**
     * How often it is tried whether servers can be restored, and how.
     *
     * @param every a round of drills begins so long after the last one
     * @param instances in each round so many instances have their turn
     * @param region where; the newest good image there is launched
     * @param subnet one from which nothing else can be reached, in that Region
     * @param securityGroups at least one; in the subnet's VPC
     * @param type the instance type; absent: the original's
     * @param command the Systems Manager document that has to succeed on it; absent: the status
     *     checks are enough
     * @param timeout whatever is not passed by then has failed, and is terminated
     * @param budget the instance-hours a calendar month, in UTC; absent: they do not limit
     */
    public record Drill(
            Duration every,
            int instances,
            Region region,
            String subnet,
            List<String> securityGroups,
            Optional<String> type,
            Optional<String> command,
            Duration timeout,
            Optional<Integer> budget) {
        public Drill {
            securityGroups = List.copyOf(securityGroups);
        }
    }

    /**
     * Long keeping in S3.
     *
     * @param bucket its name, in which {@code {region}} stands for an image's Region
     * @param after how old an image is by then, counted from its slot
     */
    public record StoreRules(String bucket, Duration after) {
        static final String REGION = "{region}";

        /** The bucket for images of this Region: EC2 takes none of another one. */
        public String bucketIn(Region region) {
            return bucket.replace(REGION, region.name());
        }
    }

    /** The breaker, per policy and run; an absent limit does not limit. */
    public record Limits(Optional<Integer> maxRemovePercent, Optional<Integer> maxRemoveCount) {}
}
