package dev.amikeeper.image;

import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
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
    /** Each tag holds so many characters at most, as EC2 does. */
    private static final int TAG_VALUE = 255;

    /** So many tags at most: the image has 50, and they are the instance's rather than ours. */
    private static final int MOST_TAGS = 6;

    private static final String SEPARATOR = "@";
    private static final String TAG = "tag:";
    private static final String INTERFACE = "eni";
    private static final String USER_DATA = "userData";
    private static final String PLACEMENT = "placement";

    /** A field of this kind is the name of the subnet or security group with this id. */
    private static final Pattern NAMED = Pattern.compile("(subnet|sg)-[0-9a-z]+");

    /** The devices and sizes of the volumes that the image lacks. */
    private static final String WITHOUT = "without";

    /** A field of this kind has the tags of the volume at the device that follows. */
    private static final String VOLUME = "volume:";

    private static final Pattern DEVICE = Pattern.compile("[A-Za-z0-9/_.-]{1,64}");
    private static final Pattern GIB = Pattern.compile("[0-9]{1,6}");

    private static final Pattern NUMBER = Pattern.compile("[0-9]{1,2}");

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
    public record Metadata(String tokens, String endpoint, int hopLimit, String tags, String ipv6) {
        public Metadata(String tokens, String endpoint, int hopLimit, String tags) {
            this(tokens, endpoint, hopLimit, tags, "disabled");
        }
    }

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

        /** One of whose other addresses nothing is known. */
        public Interface(int index, String subnet, List<String> groups, String address) {
            this(index, subnet, groups, address, Addresses.UNKNOWN);
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

        private String text() {
            List<String> words = new ArrayList<>();
            if (secondary > 0) {
                words.add("more:" + secondary);
            }
            if (ipv6 > 0) {
                words.add("ipv6:" + ipv6);
            }
            isPublic.ifPresent(it -> words.add(it ? "public" : "private"));
            elastic.ifPresent(address -> words.add("elastic:" + address));
            if (!isChecked) {
                words.add("unchecked");
            }
            return String.join("+", words);
        }

        private static Addresses of(String text) {
            List<String> words = list(text);
            return new Addresses(
                    after("more:", words).map(Capsule::number).orElse(0),
                    after("ipv6:", words).map(Capsule::number).orElse(0),
                    words.contains("public")
                            ? Optional.of(true)
                            : words.contains("private") ? Optional.of(false) : Optional.empty(),
                    after("elastic:", words).filter(address -> !address.isEmpty()),
                    !words.contains("unchecked"));
        }

        private static Optional<String> after(String start, List<String> words) {
            return words.stream()
                    .filter(word -> word.startsWith(start))
                    .map(word -> word.substring(start.length()))
                    .findFirst();
        }
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

        private String text() {
            List<String> words = new ArrayList<>();
            if (hibernates) {
                words.add("hibernates");
            }
            if (enclaves) {
                words.add("enclaves");
            }
            if (!recovers) {
                words.add("unrecovered");
            }
            if (spot) {
                words.add("spot");
            }
            return String.join("+", words);
        }

        private static Options of(Map<String, String> fields) {
            List<String> words = list(fields.getOrDefault("options", ""));
            return new Options(
                    words.contains("hibernates"),
                    words.contains("enclaves"),
                    !words.contains("unrecovered"),
                    words.contains("spot"),
                    Optional.ofNullable(fields.get(PLACEMENT)));
        }
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

    /** Every value by its name: the form of the catalogue. */
    public Map<String, String> fields() {
        Map<String, String> fields = inTags();
        userData().ifPresent(text -> fields.put(USER_DATA, text));
        tags.forEach((key, value) -> fields.put(TAG + key, value));
        return fields;
    }

    /** What goes into tags, the most needed first. */
    private Map<String, String> inTags() {
        Map<String, String> fields = new LinkedHashMap<>();
        put(fields, "type", type());
        put(fields, "zone", zone());
        put(fields, "subnet", subnet());
        put(fields, "groups", String.join("+", groups()));
        keyPair().ifPresent(value -> put(fields, "key", value));
        profile().ifPresent(value -> put(fields, "profile", value));
        metadata()
                .ifPresent(m -> {
                    put(fields, "tokens", m.tokens());
                    put(fields, "endpoint", m.endpoint());
                    put(fields, "hops", Integer.toString(m.hopLimit()));
                    put(fields, "metadataTags", m.tags());
                    if (!m.ipv6().equals("disabled")) {
                        put(fields, "metadataIpv6", m.ipv6());
                    }
                });
        if (ebsOptimized()) {
            put(fields, "ebs", "optimized");
        }
        if (monitored()) {
            put(fields, "monitoring", "detailed");
        }
        put(fields, "tenancy", tenancy());
        address().ifPresent(value -> put(fields, "address", value));
        launchTemplate.ifPresent(value -> put(fields, "template", value));
        userDataHash().ifPresent(value -> put(fields, "userDataHash", value));
        put(fields, "net0", addresses().text());
        put(fields, "options", options().text());
        options().placementGroup().ifPresent(value -> put(fields, PLACEMENT, value));
        put(
                fields,
                WITHOUT,
                leftOut().stream()
                        .map(disk -> disk.device() + ":" + disk.gib())
                        .collect(Collectors.joining("+")));
        for (Interface one : interfaces()) {
            put(
                    fields,
                    INTERFACE + one.index(),
                    String.join("/", one.subnet(), String.join("+", one.groups()), one.address()));
            put(fields, "net" + one.index(), one.addresses().text());
        }
        new TreeMap<>(names()).forEach((id, name) -> put(fields, id, name));
        disks.stream()
                .filter(disk -> DEVICE.matcher(disk.device()).matches())
                .forEach(disk -> put(fields, VOLUME + disk.device(), written(disk.tags())));
        return fields;
    }

    private static void put(Map<String, String> fields, String name, String value) {
        if (!value.isEmpty()) {
            fields.put(name, value);
        }
    }

    /** The capsule with these values; empty if they are none. */
    public static Optional<Capsule> of(Map<String, String> fields) {
        if (!fields.containsKey("type")) {
            return Optional.empty();
        }
        return Optional.of(
                new Capsule(
                        new Hardware(
                                fields.getOrDefault("type", ""),
                                fields.containsKey("ebs"),
                                fields.containsKey("monitoring"),
                                fields.getOrDefault("tenancy", "default"),
                                Options.of(fields)),
                        new Network(
                                fields.getOrDefault("zone", ""),
                                fields.getOrDefault("subnet", ""),
                                list(fields.getOrDefault("groups", "")),
                                Optional.ofNullable(fields.get("address")),
                                Addresses.of(fields.getOrDefault("net0", "")),
                                interfaces(fields),
                                names(fields)),
                        new Access(
                                Optional.ofNullable(fields.get("key")),
                                Optional.ofNullable(fields.get("profile")),
                                Optional.ofNullable(fields.get("tokens"))
                                        .map(tokens ->
                                                new Metadata(
                                                        tokens,
                                                        fields.getOrDefault("endpoint", "enabled"),
                                                        Math.max(
                                                                1,
                                                                number(
                                                                        fields.getOrDefault(
                                                                                "hops", "1"))),
                                                        fields.getOrDefault(
                                                                "metadataTags", "disabled"),
                                                        fields.getOrDefault(
                                                                "metadataIpv6", "disabled")))),
                        new Script(
                                Optional.ofNullable(fields.get("userDataHash")),
                                Optional.ofNullable(fields.get(USER_DATA))),
                        Optional.ofNullable(fields.get("template")),
                        tags(fields),
                        disks(fields)));
    }

    private static List<Disk> disks(Map<String, String> fields) {
        Map<String, Disk> disks = new TreeMap<>();
        for (String out : list(fields.getOrDefault(WITHOUT, ""))) {
            String[] parts = out.split(":", 2);
            if (DEVICE.matcher(parts[0]).matches()) {
                int gib =
                        parts.length == 2 && GIB.matcher(parts[1]).matches()
                                ? Integer.parseInt(parts[1])
                                : 0;
                disks.put(parts[0], new Disk(parts[0], gib, true, Map.of()));
            }
        }
        fields.forEach((name, text) -> {
            String device = name.startsWith(VOLUME) ? name.substring(VOLUME.length()) : "";
            if (DEVICE.matcher(device).matches()) {
                Disk known = disks.getOrDefault(device, new Disk(device, 0, false, Map.of()));
                disks.put(device, new Disk(device, known.gib(), known.leftOut(), read(text)));
            }
        });
        return List.copyOf(disks.values());
    }

    private static String written(Map<String, String> tags) {
        return new TreeMap<>(tags)
                .entrySet().stream()
                        .map(tag -> coded(tag.getKey()) + "=" + coded(tag.getValue()))
                        .collect(Collectors.joining("&"));
    }

    private static String coded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    /** Tags can be edited by people: what cannot be read is left out. */
    private static Map<String, String> read(String text) {
        Map<String, String> tags = new HashMap<>();
        for (String tag : text.split("&", -1)) {
            int equals = tag.indexOf('=');
            if (equals > 0) {
                try {
                    tags.put(
                            URLDecoder.decode(tag.substring(0, equals), StandardCharsets.UTF_8),
                            URLDecoder.decode(tag.substring(equals + 1), StandardCharsets.UTF_8));
                } catch (IllegalArgumentException edited) {
                    // One that cannot be read tells nothing.
                }
            }
        }
        return tags;
    }

    private static Map<String, String> names(Map<String, String> fields) {
        Map<String, String> names = new HashMap<>();
        fields.forEach((name, value) -> {
            if (NAMED.matcher(name).matches()) {
                names.put(name, value);
            }
        });
        return names;
    }

    private static Map<String, String> tags(Map<String, String> fields) {
        Map<String, String> tags = new HashMap<>();
        fields.forEach((name, value) -> {
            if (name.startsWith(TAG)) {
                tags.put(name.substring(TAG.length()), value);
            }
        });
        return tags;
    }

    private static List<Interface> interfaces(Map<String, String> fields) {
        if (fields.keySet().stream().noneMatch(name -> name.startsWith(INTERFACE))) {
            return List.of();
        }
        List<Interface> interfaces = new ArrayList<>();
        for (int index = 1; index < 16; index++) {
            String text = fields.get(INTERFACE + index);
            if (text != null) {
                String[] parts = text.split("/", 3);
                if (parts.length == 3) {
                    interfaces.add(
                            new Interface(
                                    index,
                                    parts[0],
                                    list(parts[1]),
                                    parts[2],
                                    Addresses.of(fields.getOrDefault("net" + index, ""))));
                }
            }
        }
        return interfaces;
    }

    private static List<String> list(String text) {
        return text.isEmpty() ? List.of() : List.of(text.split("\\+", -1));
    }

    /** Tags can be edited by people: a number that is none is nothing. */
    private static int number(String text) {
        return NUMBER.matcher(text).matches() ? Integer.parseInt(text) : 0;
    }

    /**
     * The capsule as tags, {@link ImageTags#CAPSULE} and, for more than one tag holds, {@code
     * …:capsule-2} and so on. What does not fit into six tags is left out, tags of volumes and
     * names first and then the further network interfaces: a capsule without them restores the
     * server, too.
     */
    public Map<String, String> toTags() {
        List<String> words =
                inTags().entrySet().stream()
                        .map(field -> field.getKey() + "=" + escaped(field.getValue()))
                        .toList();
        StringBuilder text = new StringBuilder();
        for (String word : words) {
            if (text.length() + 1 + word.length() <= MOST_TAGS * TAG_VALUE) {
                text.append(text.isEmpty() ? "" : SEPARATOR).append(word);
            }
        }
        Map<String, String> tags = new LinkedHashMap<>();
        for (int from = 0, n = 1; from < text.length(); from += TAG_VALUE, n++) {
            tags.put(tag(n), text.substring(from, Math.min(text.length(), from + TAG_VALUE)));
        }
        return tags;
    }

    /** The capsule that these tags hold; empty if they hold none. */
    public static Optional<Capsule> ofTags(Map<String, String> tags) {
        String text =
                Stream.iterate(1, n -> n <= MOST_TAGS, n -> n + 1)
                        .map(n -> tags.getOrDefault(tag(n), ""))
                        .collect(Collectors.joining());
        Map<String, String> fields = new LinkedHashMap<>();
        for (String word : text.split(SEPARATOR, -1)) {
            int equals = word.indexOf('=');
            if (equals > 0) {
                fields.put(word.substring(0, equals), unescaped(word.substring(equals + 1)));
            }
        }
        return of(fields);
    }

    private static String tag(int n) {
        return n == 1 ? ImageTags.CAPSULE : ImageTags.CAPSULE + "-" + n;
    }

    /** Letters, digits and some signs stay; other bytes of UTF-8 are {@code _} and two digits. */
    private static String escaped(String value) {
        StringBuilder text = new StringBuilder();
        for (byte one : value.getBytes(StandardCharsets.UTF_8)) {
            char sign = (char) (one & 0xff);
            if (sign < 0x80 && (Character.isLetterOrDigit(sign) || "+-.:/".indexOf(sign) >= 0)) {
                text.append(sign);
            } else {
                text.append("_%02x".formatted(one & 0xff));
            }
        }
        return text.toString();
    }

    private static String unescaped(String text) {
        byte[] bytes = new byte[text.length()];
        int length = 0;
        for (int i = 0; i < text.length(); i++) {
            boolean isEscape =
                    text.charAt(i) == '_'
                            && i + 2 < text.length()
                            && text.substring(i + 1, i + 3).matches("[0-9a-f]{2}");
            if (isEscape) {
                bytes[length++] = (byte) Integer.parseInt(text, i + 1, i + 3, 16);
                i += 2;
            } else {
                bytes[length++] = (byte) text.charAt(i);
            }
        }
        return new String(bytes, 0, length, StandardCharsets.UTF_8);
    }
}
