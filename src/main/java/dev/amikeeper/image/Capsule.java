package dev.amikeeper.image;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What an instance had when it was imaged and its image does not hold: what is needed to launch the
 * server again as it was. Recorded with the image, and on the image by tags, so that it reaches DR
 * Regions and outlives the catalogue.
 *
 * @param type as {@code m7g.large}
 * @param zone the Availability Zone; empty if unknown
 * @param subnet of the first network interface; empty if unknown
 * @param groups the security groups of the first network interface
 * @param keyPair the key pair's name
 * @param profile the IAM instance profile's ARN
 * @param metadata the instance metadata options
 * @param ebsOptimized whether its EBS bandwidth is its own
 * @param monitored whether CloudWatch has it every minute
 * @param tenancy {@code default}, {@code dedicated} or {@code host}
 * @param address the private IPv4 address of the first network interface
 * @param interfaces the other network interfaces
 * @param launchTemplate what it was launched from, as {@code lt-0abc:3}
 * @param userDataHash SHA-256 of the user data in hexadecimal digits; empty if it has none or it
 *     was not read
 * @param userData the user data in Base64, where the policy lets it be kept; never in tags
 * @param tags all tags of the instance but AWS's own; not in the capsule's tags, for the image has
 *     the instance's tags itself
 */
public record Capsule(
        String type,
        String zone,
        String subnet,
        List<String> groups,
        Optional<String> keyPair,
        Optional<String> profile,
        Optional<Metadata> metadata,
        boolean ebsOptimized,
        boolean monitored,
        String tenancy,
        Optional<String> address,
        List<Interface> interfaces,
        Optional<String> launchTemplate,
        Optional<String> userDataHash,
        Optional<String> userData,
        Map<String, String> tags) {
    /** Each tag holds so many characters at most, as EC2 does. */
    private static final int TAG_VALUE = 255;

    /** So many tags at most: the image has 50, and they are the instance's rather than ours. */
    private static final int MOST_TAGS = 6;

    private static final String SEPARATOR = "@";
    private static final String TAG = "tag:";
    private static final String INTERFACE = "eni";
    private static final String USER_DATA = "userData";
    private static final Pattern NUMBER = Pattern.compile("[0-9]{1,2}");

    public Capsule {
        groups = List.copyOf(groups);
        interfaces = List.copyOf(interfaces);
        tags = Map.copyOf(tags);
    }

    /** The instance metadata options, in EC2's words. */
    public record Metadata(String tokens, String endpoint, int hopLimit, String tags) {}

    /**
     * A network interface.
     *
     * @param index its place at the instance, from 1 on
     * @param address its private IPv4 address; empty if unknown
     */
    public record Interface(int index, String subnet, List<String> groups, String address) {
        public Interface {
            groups = List.copyOf(groups);
        }
    }

    /** The same with the hash of its user data, and the user data itself where it may be kept. */
    public Capsule withUserData(Optional<String> hash, Optional<String> base64) {
        return new Capsule(
                type,
                zone,
                subnet,
                groups,
                keyPair,
                profile,
                metadata,
                ebsOptimized,
                monitored,
                tenancy,
                address,
                interfaces,
                launchTemplate,
                hash,
                base64,
                tags);
    }

    /** Every value by its name: the form of the catalogue. */
    public Map<String, String> fields() {
        Map<String, String> fields = inTags();
        userData.ifPresent(text -> fields.put(USER_DATA, text));
        tags.forEach((key, value) -> fields.put(TAG + key, value));
        return fields;
    }

    /** What goes into tags, the most needed first. */
    private Map<String, String> inTags() {
        Map<String, String> fields = new LinkedHashMap<>();
        put(fields, "type", type);
        put(fields, "zone", zone);
        put(fields, "subnet", subnet);
        put(fields, "groups", String.join("+", groups));
        keyPair.ifPresent(value -> put(fields, "key", value));
        profile.ifPresent(value -> put(fields, "profile", value));
        metadata.ifPresent(m -> {
            put(fields, "tokens", m.tokens());
            put(fields, "endpoint", m.endpoint());
            put(fields, "hops", Integer.toString(m.hopLimit()));
            put(fields, "metadataTags", m.tags());
        });
        if (ebsOptimized) {
            put(fields, "ebs", "optimized");
        }
        if (monitored) {
            put(fields, "monitoring", "detailed");
        }
        put(fields, "tenancy", tenancy);
        address.ifPresent(value -> put(fields, "address", value));
        launchTemplate.ifPresent(value -> put(fields, "template", value));
        userDataHash.ifPresent(value -> put(fields, "userDataHash", value));
        interfaces.forEach(one ->
                put(
                        fields,
                        INTERFACE + one.index(),
                        String.join(
                                "/", one.subnet(), String.join("+", one.groups()), one.address())));
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
                        fields.getOrDefault("type", ""),
                        fields.getOrDefault("zone", ""),
                        fields.getOrDefault("subnet", ""),
                        list(fields.getOrDefault("groups", "")),
                        Optional.ofNullable(fields.get("key")),
                        Optional.ofNullable(fields.get("profile")),
                        Optional.ofNullable(fields.get("tokens"))
                                .map(tokens ->
                                        new Metadata(
                                                tokens,
                                                fields.getOrDefault("endpoint", "enabled"),
                                                number(fields.getOrDefault("hops", "1")),
                                                fields.getOrDefault("metadataTags", "disabled"))),
                        fields.containsKey("ebs"),
                        fields.containsKey("monitoring"),
                        fields.getOrDefault("tenancy", "default"),
                        Optional.ofNullable(fields.get("address")),
                        interfaces(fields),
                        Optional.ofNullable(fields.get("template")),
                        Optional.ofNullable(fields.get("userDataHash")),
                        Optional.ofNullable(fields.get(USER_DATA)),
                        tags(fields)));
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
                    interfaces.add(new Interface(index, parts[0], list(parts[1]), parts[2]));
                }
            }
        }
        return interfaces;
    }

    private static List<String> list(String text) {
        return text.isEmpty() ? List.of() : List.of(text.split("\\+", -1));
    }

    /** Tags can be edited by people: a number that is none is the smallest. */
    private static int number(String text) {
        return NUMBER.matcher(text).matches() ? Integer.parseInt(text) : 1;
    }

    /**
     * The capsule as tags, {@link ImageTags#CAPSULE} and, for more than one tag holds, {@code
     * …:capsule-2} and so on. What does not fit into six tags is left out, the further network
     * interfaces first: a capsule without them restores the server, too.
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
