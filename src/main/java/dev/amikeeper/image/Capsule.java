package dev.amikeeper.image;

import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What an instance had when it was imaged and its image does not hold: what is needed to launch the
 * server again as it was. Recorded with the image, and on the image by tags, so that it reaches DR
 * Regions and outlives the catalogue.
 *
 * @param hardware what it runs on
 * @param network where it is reached
 * @param access who may enter it, and what it may do
 * @param script its user data
 * @param launchTemplate what it was launched from, as {@code lt-0abc:3}
 * @param tags all tags of the instance but AWS's own; not in the capsule's tags, for the image has
 *     the instance's tags itself
 * @param disks the volumes of which there is something to say: that the image lacks them, or which
 *     tags they have
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
     * What it runs on.
     *
     * @param type as {@code m7g.large}
     * @param ebsOptimized whether its EBS bandwidth is its own
     * @param monitored whether CloudWatch has it every minute
     * @param tenancy {@code default}, {@code dedicated} or {@code host}
     * @param options what few instances have
     */
    public record Hardware(
            String type,
            boolean ebsOptimized,
            boolean monitored,
            String tenancy,
            Options options) {}

    /**
     * Where it is reached.
     *
     * @param zone the Availability Zone; empty if unknown
     * @param subnet of the first network interface; empty if unknown
     * @param groups the security groups of the first network interface
     * @param address the private IPv4 address of the first network interface
     * @param addresses what the first network interface has besides that
     * @param interfaces the other network interfaces
     * @param names of subnets and security groups by their ids: in another Region they may be all
     *     that tells which is which
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

        private Network withNames(Map<String, String> its) {
            return new Network(zone, subnet, groups, address, addresses, interfaces, its);
        }
    }

    /**
     * Who may enter it, and what it may do.
     *
     * @param keyPair the key pair's name
     * @param profile the IAM instance profile's ARN; of a server to be launched, its name will do
     * @param metadata the instance metadata options
     */
    public record Access(
            Optional<String> keyPair, Optional<String> profile, Optional<Metadata> metadata) {}

    /**
     * Its user data.
     *
     * @param hash SHA-256 in hexadecimal digits; empty if it has none or it was not read
     * @param base64 the user data itself, where the policy lets it be kept; never in tags
     */
    public record Script(Optional<String> hash, Optional<String> base64) {
        /** There is none, or nothing is known of it. */
        public static final Script NONE = new Script(Optional.empty(), Optional.empty());
    }

    /** As {@code m7g.large}. */
    public String type() {
        return hardware.type;
    }

    /** Whether its EBS bandwidth is its own. */
    public boolean ebsOptimized() {
        return hardware.ebsOptimized;
    }

    /** Whether CloudWatch has it every minute. */
    public boolean monitored() {
        return hardware.monitored;
    }

    /** {@code default}, {@code dedicated} or {@code host}. */
    public String tenancy() {
        return hardware.tenancy;
    }

    /** What few instances have. */
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

    /** The private IPv4 address of the first network interface. */
    public Optional<String> address() {
        return network.address;
    }

    /** What the first network interface has besides that. */
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

    /** The user data in Base64, where the policy lets it be kept. */
    public Optional<String> userData() {
        return script.base64;
    }

    /**
     * The instance metadata options, in EC2's words.
     *
     * @param ipv6 whether the endpoint has an IPv6 address, too
     */
    public record Metadata(
            String tokens, String endpoint, int hopLimit, String tags, String ipv6) {}

    /**
     * A network interface.
     *
     * @param index its place at the instance, from 1 on
     * @param address its private IPv4 address; empty if unknown
     * @param addresses what it has besides that
     */
    public record Interface(
            int index, String subnet, List<String> groups, String address, Addresses addresses) {
        public Interface {
            groups = List.copyOf(groups);
        }
    }

    /**
     * What a network interface has besides its private IPv4 address.
     *
     * @param secondary how many more private IPv4 addresses
     * @param ipv6 how many IPv6 addresses
     * @param isPublic whether EC2 gave it a public IPv4 address; empty if that is not known, as of
     *     a stopped instance
     * @param elastic the Elastic IP address; of a server to be launched, its allocation id
     * @param isChecked whether EC2 checks source and destination of what it carries
     */
    public record Addresses(
            int secondary,
            int ipv6,
            Optional<Boolean> isPublic,
            Optional<String> elastic,
            boolean isChecked) {
        /** Nothing is known, and nothing asked for. */
        public static final Addresses UNKNOWN =
                new Addresses(0, 0, Optional.empty(), Optional.empty(), true);
    }

    /**
     * A volume of the instance.
     *
     * @param device as {@code /dev/sdf}
     * @param gib its size; 0 if the image has it, or if it is unknown
     * @param leftOut whether the image lacks it
     * @param tags its own
     */
    public record Disk(String device, int gib, boolean leftOut, Map<String, String> tags) {
        public Disk {
            tags = Map.copyOf(tags);
        }

        /** For people, as {@code /dev/sdf (500 GiB)}. */
        public String text() {
            return gib > 0 ? device + " (" + gib + " GiB)" : device;
        }
    }

    /**
     * What few instances have.
     *
     * @param hibernates whether it can be hibernated
     * @param enclaves whether it can have Nitro Enclaves
     * @param recovers whether EC2 moves it to other hardware by itself
     * @param spot whether it is a Spot instance
     * @param placementGroup the name of its placement group
     */
    public record Options(
            boolean hibernates,
            boolean enclaves,
            boolean recovers,
            boolean spot,
            Optional<String> placementGroup) {
        /** As most have it. */
        public static final Options USUAL =
                new Options(false, false, true, false, Optional.empty());
    }

    /** The same with names of its subnets, by their ids, besides those that it has. */
    public Capsule withNames(Map<String, String> more) {
        Map<String, String> all = new HashMap<>(names());
        subnets().filter(more::containsKey).forEach(id -> all.put(id, more.getOrDefault(id, "")));
        all.values().removeIf(String::isBlank);
        return new Capsule(
                hardware, network.withNames(all), access, script, launchTemplate, tags, disks);
    }

    /** The same with this to say of its volumes. */
    public Capsule withDisks(List<Disk> its) {
        return new Capsule(hardware, network, access, script, launchTemplate, tags, its);
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

    /** The same with the hash of its user data, and the user data itself where it may be kept. */
    public Capsule withUserData(Optional<String> hash, Optional<String> base64) {
        return new Capsule(
                hardware, network, access, new Script(hash, base64), launchTemplate, tags, disks);
    }
}
