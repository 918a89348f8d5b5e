package dev.amikeeper.policy;

import dev.amikeeper.image.Image;
import dev.amikeeper.image.Instance;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.ServerCommand;
import dev.amikeeper.image.Sha256;
import dev.amikeeper.image.Slot;
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
 * One policy of the file: what it selects, when it images that, and what becomes of the images.
 *
 * @param schedule if absent, images are made on events only
 * @param on the events that trigger an image
 * @param keep if absent, nothing is ever removed under this policy
 * @param drill how restores from the images are tested; if absent, they are not
 * @param store where old home images are stored for long-term retention; if absent, they are not
 * @param protect whether the newest images get EC2's deregistration protection
 * @param replicate the DR Regions; {@link #destinations} leaves out an image's own Region
 * @param prunesFormer whether the rules also apply to images in Regions that the policy no longer
 *     names, which then count with the home images; otherwise these are kept
 * @param formerly former names of the policy, and names of policies that it took over. Images with
 *     these names belong to it, but its schedule does not know about theirs
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

    /** Returns the stand-in for a policy that is no longer in the file; it keeps all its images. */
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

    /**
     * When the image of this instance starts that is due at this slot. With a spread, each instance
     * has its own offset, which is the same at every slot: its share of the spread is a hash of the
     * policy's name and its id.
     */
    public Instant start(Slot slot, InstanceId instance) {
        Duration spread = schedule.map(Schedule::spread).orElse(Duration.ZERO);
        // No later version may change this, or servers would start at other times.
        long hash = Long.parseUnsignedLong(Sha256.of(name + "/" + instance).substring(0, 16), 16);
        return slot.time().plusSeconds(Math.unsignedMultiplyHigh(hash, spread.toSeconds()));
    }

    /** The names that its images may have, the current name first. */
    public List<String> allNames() {
        return Stream.concat(Stream.of(name), formerly.stream()).toList();
    }

    /** Whether it lets any image be removed because its instance is gone. */
    public boolean letsGoneOnesGo() {
        return Stream.concat(
                        keep.stream(),
                        replicate.values().stream().flatMap(replica -> replica.keep().stream()))
                .anyMatch(rules -> rules.goneAfter().isPresent());
    }

    /**
     * Whether this is the stand-in for a policy that is no longer in the file. Only a stand-in
     * selects nothing.
     */
    public boolean isForgotten() {
        return select.tags().isEmpty();
    }

    /** The DR Regions of an image that was made in {@code home}, sorted by name. */
    public List<Region> destinations(Region home) {
        return replicate.keySet().stream().filter(to -> !to.equals(home)).sorted().toList();
    }

    /**
     * Whether the policy currently names the Region of this image for its kind, home images or
     * copies.
     */
    public boolean names(Image image) {
        return image.isCopy()
                ? replicate.containsKey(image.region())
                : select.regions().contains(image.region());
    }

    /** Those of these images that still exist in Regions that the policy no longer names. */
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
     * Returns the rules that apply to this image. Home images have the policy's rules. Copies have
     * those of their Region or, if it has none, the policy's. In a Region that the policy does not
     * name, nothing is removed unless the policy says so. Then the policy's own rules apply,
     * because the Region's are no longer in the file.
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
     * The bucket in which this image should be stored by now. Only usable home images are stored,
     * once each. An image that the rules let go before it is old enough is not held back for this.
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
     *     its values; if empty, none
     * @param copyTags patterns for the keys of the tags that images get from their instances and
     *     snapshots from their volumes
     * @param userData how much of the instance's user data is recorded
     * @param around the commands before and after the image; if absent, there are none
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
         * The devices that the policy leaves out. If it means the root volume, too, that is
         * included, although EC2 does not leave it out.
         *
         * @param volumes the instance's volumes, as far as they are known
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
     * The Systems Manager commands that run on a server before and after its image.
     *
     * @param before prepares the server, for example by freezing its file systems; if its time runs
     *     out, the image is made without it, or not at all
     * @param orNoImage whether no image is made if {@code before} does not succeed
     * @param after releases the server, whatever became of the image; if its time runs out, it is
     *     tried again
     */
    public record Around(ServerCommand before, boolean orNoImage, Optional<ServerCommand> after) {}

    /** How much of an instance's user data, which may contain secrets, is recorded. */
    public enum UserData {
        /** Nothing; it is not even read. */
        NONE,
        /** Its SHA-256, with which a person can check whether they have the right user data. */
        HASH,
        /**
         * The user data itself, in the catalogue; the tags contain only its hash. Anyone who can
         * read the table can read the secrets in it. The template's parameter {@code TableKeyArn}
         * encrypts the table with a customer managed key.
         */
        KEEP
    }

    /** The settings of one DR Region. */
    public record Replica(Optional<String> kmsKey, Optional<Keep> keep) {}

    /**
     * Who may launch the images: account ids, organization ARNs, organizational unit ARNs.
     *
     * @param snapshots whether the accounts may also create volumes from the images' snapshots,
     *     which they need to copy an image; EC2 cannot allow that to an organization
     */
    public record ShareRules(
            List<String> accounts,
            List<String> organizations,
            List<String> organizationalUnits,
            boolean snapshots) {
        /** The images are shared with nobody. */
        public static final ShareRules NOBODY =
                new ShareRules(List.of(), List.of(), List.of(), false);

        public ShareRules {
            accounts = List.copyOf(accounts);
            organizations = List.copyOf(organizations);
            organizationalUnits = List.copyOf(organizationalUnits);
        }

        /**
         * Sorts these account ids and ARNs by kind.
         *
         * @throws IllegalArgumentException if one is neither an account id nor such an ARN, so that
         *     nobody can share with everybody
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

        /** The accounts that may copy the images. */
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

    /** The stages before removal; absent ones are skipped. */
    public record Retire(Optional<Duration> deprecateAfter, Optional<Duration> disableFor) {}

    /**
     * How often AMI Keeper tests whether servers can be restored, and how.
     *
     * @param every the time from one round of drills to the next
     * @param instances how many instances are drilled in each round
     * @param region where; the newest usable image there is launched
     * @param subnet an isolated subnet in that Region
     * @param securityGroups at least one, of the subnet's VPC
     * @param type the instance type; if absent, the original's
     * @param command the Systems Manager document that has to succeed on the instance; if absent,
     *     the status checks are enough
     * @param timeout a drill that has not passed by then has failed, and its instance is terminated
     * @param budget the instance-hours allowed per calendar month in UTC; if absent, unlimited
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
     * Long-term retention in S3.
     *
     * @param bucket its name, in which {@code {region}} stands for an image's Region
     * @param after the age from which an image is stored, counted from its slot
     */
    public record StoreRules(String bucket, Duration after) {
        static final String REGION = "{region}";

        /**
         * The bucket for images of this Region; EC2 stores an image only in a bucket of its own
         * Region.
         */
        public String bucketIn(Region region) {
            return bucket.replace(REGION, region.name());
        }
    }

    /** The breaker, per policy and run; an absent limit does not apply. */
    public record Limits(Optional<Integer> maxRemovePercent, Optional<Integer> maxRemoveCount) {}
}
