package dev.amikeeper.image;

import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What an instance had when it was imaged that its image does not contain: what it takes to launch
 * the same server again. It is recorded with the image and in the image's tags, so that it reaches
 * DR Regions and outlives the catalogue.
 *
 * @param hardware what it runs on
 * @param network where it is reached
 * @param access who can log in to it, and what it is allowed to do
 * @param script its user data
 * @param launchTemplate the launch template and version that it was launched from, as {@code
 *     lt-0abc:3}
 * @param tags all tags of the instance except AWS's own; not stored in the capsule's tags, because
 *     the image carries the instance's tags itself
 * @param disks the volumes that need a note: those that the image lacks, and those that have tags
 */
public record Capsule(
        Hardware hardware,
        Network network,
        Access access,
        Script script,
        Optional<String> launchTemplate,
        Map<String, String> tags,
        List<Disk> disks) {
    public Capsule {
        tags = Map.copyOf(tags);
        disks = disks.stream().sorted(Comparator.comparing(Disk::device)).toList();
    }

    /**
     * What the instance runs on.
     *
     * @param type as {@code m7g.large}
     * @param ebsOptimized whether its EBS bandwidth is dedicated
     * @param monitored whether CloudWatch collects its metrics every minute
     * @param tenancy {@code default}, {@code dedicated} or {@code host}
     * @param options options that few instances use
     */
    public record Hardware(
            String type,
            boolean ebsOptimized,
            boolean monitored,
            String tenancy,
            Options options) {}

    /**
     * Where the instance is reached.
     *
     * @param zone the Availability Zone; empty if unknown
     * @param subnet of the first network interface; empty if unknown
     * @param groups the security groups of the first network interface
     * @param address the primary private IPv4 address of the first network interface
     * @param addresses the other addresses of the first network interface
     * @param interfaces the other network interfaces
     * @param names the names of subnets and security groups by their ids; in another Region the
     *     name may be the only way to find the counterpart
     */
    public record Network(
            String zone,
            String subnet,
            List<String> groups,
            Optional<String> address,
            Addresses addresses,
            List<Interface> interfaces,
            Map<String, String> names) {
        public Network {
            groups = List.copyOf(groups);
            interfaces = List.copyOf(interfaces);
            names = Map.copyOf(names);
        }

        private Network withNames(Map<String, String> newNames) {
            return new Network(zone, subnet, groups, address, addresses, interfaces, newNames);
        }
    }

    /**
     * Who can log in to the instance, and what it is allowed to do.
     *
     * @param keyPair the key pair's name
     * @param profile the IAM instance profile's ARN; its name is enough for a server that is to be
     *     launched
     * @param metadata the instance metadata options
     */
    public record Access(
            Optional<String> keyPair, Optional<String> profile, Optional<Metadata> metadata) {}

    /**
     * The instance's user data.
     *
     * @param hash SHA-256 in hexadecimal digits; empty if there is no user data or it was not read
     * @param base64 the user data itself, if the policy allows keeping it; never stored in tags
     * @param runningSince since when the instance had been running when its user data was read;
     *     empty if it was not running, or its user data was not read; never stored in tags
     */
    public record Script(
            Optional<String> hash, Optional<String> base64, Optional<Instant> runningSince) {
        /** There is no user data, or nothing is known about it. */
        public static final Script NONE = new Script(Optional.empty(), Optional.empty());

        /** The user data, of which nobody knows when it was read. */
        public Script(Optional<String> hash, Optional<String> base64) {
            this(hash, base64, Optional.empty());
        }
    }

    /** The instance type, as {@code m7g.large}. */
    public String type() {
        return hardware.type;
    }

    /** Whether its EBS bandwidth is dedicated. */
    public boolean ebsOptimized() {
        return hardware.ebsOptimized;
    }

    /** Whether CloudWatch collects its metrics every minute. */
    public boolean monitored() {
        return hardware.monitored;
    }

    /** The tenancy: {@code default}, {@code dedicated} or {@code host}. */
    public String tenancy() {
        return hardware.tenancy;
    }

    /** Options that few instances use. */
    public Options options() {
        return hardware.options;
    }

    /** The Availability Zone; empty if unknown. */
    public String zone() {
        return network.zone;
    }

    /** The subnet of the first network interface; empty if unknown. */
    public String subnet() {
        return network.subnet;
    }

    /** The security groups of the first network interface. */
    public List<String> groups() {
        return network.groups;
    }

    /** The primary private IPv4 address of the first network interface. */
    public Optional<String> address() {
        return network.address;
    }

    /** The other addresses of the first network interface. */
    public Addresses addresses() {
        return network.addresses;
    }

    /** The other network interfaces. */
    public List<Interface> interfaces() {
        return network.interfaces;
    }

    /** The names of subnets and security groups by their ids. */
    public Map<String, String> names() {
        return network.names;
    }

    /** The key pair's name. */
    public Optional<String> keyPair() {
        return access.keyPair;
    }

    /** The IAM instance profile's ARN, or its name. */
    public Optional<String> profile() {
        return access.profile;
    }

    /** The instance metadata options. */
    public Optional<Metadata> metadata() {
        return access.metadata;
    }

    /** SHA-256 of the user data in hexadecimal digits. */
    public Optional<String> userDataHash() {
        return script.hash;
    }

    /** The user data in Base64, if the policy allows keeping it. */
    public Optional<String> userData() {
        return script.base64;
    }

    /**
     * The instance metadata options, in EC2's words.
     *
     * @param ipv6 whether the endpoint also has an IPv6 address
     */
    public record Metadata(
            String tokens, String endpoint, int hopLimit, String tags, String ipv6) {}

    /**
     * A network interface.
     *
     * @param index its device index on the instance, from 1
     * @param address its primary private IPv4 address; empty if unknown
     * @param addresses its other addresses
     */
    public record Interface(
            int index, String subnet, List<String> groups, String address, Addresses addresses) {
        public Interface {
            groups = List.copyOf(groups);
        }
    }

    /**
     * The addresses of a network interface other than its primary private IPv4 address.
     *
     * @param secondary the number of secondary private IPv4 addresses
     * @param ipv6 the number of IPv6 addresses
     * @param isPublic whether EC2 assigned it a public IPv4 address; empty if unknown, as for a
     *     stopped instance
     * @param elastic the Elastic IP address; for a server that is to be launched, its allocation id
     * @param isChecked whether EC2 checks the source and destination of its traffic
     */
    public record Addresses(
            int secondary,
            int ipv6,
            Optional<Boolean> isPublic,
            Optional<String> elastic,
            boolean isChecked) {
        /** Nothing is known, and nothing is requested. */
        public static final Addresses UNKNOWN =
                new Addresses(0, 0, Optional.empty(), Optional.empty(), true);
    }

    /**
     * A volume of the instance.
     *
     * @param device as {@code /dev/sdf}
     * @param gib its size in GiB; 0 if the image contains the volume or the size is unknown
     * @param leftOut whether the image lacks it
     * @param tags the volume's own tags
     */
    public record Disk(String device, int gib, boolean leftOut, Map<String, String> tags) {
        public Disk {
            tags = Map.copyOf(tags);
        }

        /** The volume as text for people, as {@code /dev/sdf (500 GiB)}. */
        public String text() {
            return gib > 0 ? device + " (" + gib + " GiB)" : device;
        }
    }

    /**
     * Options that few instances use.
     *
     * @param hibernates whether it can hibernate
     * @param enclaves whether it can run Nitro Enclaves
     * @param recovers whether EC2 recovers it on other hardware automatically
     * @param spot whether it is a Spot instance
     * @param placementGroup the name of its placement group
     */
    public record Options(
            boolean hibernates,
            boolean enclaves,
            boolean recovers,
            boolean spot,
            Optional<String> placementGroup) {
        /** The options that most instances have. */
        public static final Options USUAL =
                new Options(false, false, true, false, Optional.empty());
    }

    /** Returns this capsule with these names, by id, added for its own subnets. */
    public Capsule withNames(Map<String, String> more) {
        Map<String, String> all = new HashMap<>(names());
        subnets().filter(more::containsKey).forEach(id -> all.put(id, more.getOrDefault(id, "")));
        all.values().removeIf(String::isBlank);
        return new Capsule(
                hardware, network.withNames(all), access, script, launchTemplate, tags, disks);
    }

    /** Returns this capsule with these volumes. */
    public Capsule withDisks(List<Disk> newDisks) {
        return new Capsule(hardware, network, access, script, launchTemplate, tags, newDisks);
    }

    /** The volumes that the image lacks. */
    public List<Disk> leftOut() {
        return disks.stream().filter(Disk::leftOut).toList();
    }

    /** The subnets of all its network interfaces. */
    public Stream<String> subnets() {
        return Stream.concat(Stream.of(subnet()), interfaces().stream().map(Interface::subnet))
                .filter(id -> !id.isEmpty())
                .distinct();
    }

    /** Returns this capsule with this user data. */
    public Capsule withScript(Script other) {
        return new Capsule(hardware, network, access, other, launchTemplate, tags, disks);
    }

    /**
     * Returns this capsule with this hash of the user data and, if it may be kept, the user data
     * itself.
     */
    public Capsule withUserData(Optional<String> hash, Optional<String> base64) {
        return withScript(new Script(hash, base64));
    }
}
