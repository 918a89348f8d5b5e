package dev.amikeeper.image;

import dev.amikeeper.image.Capsule.Access;
import dev.amikeeper.image.Capsule.Addresses;
import dev.amikeeper.image.Capsule.Disk;
import dev.amikeeper.image.Capsule.Hardware;
import dev.amikeeper.image.Capsule.Interface;
import dev.amikeeper.image.Capsule.Metadata;
import dev.amikeeper.image.Capsule.Network;
import dev.amikeeper.image.Capsule.Options;
import dev.amikeeper.image.Capsule.Script;

import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A capsule as named values: the form in the catalogue, and the source of the capsule's tags. A
 * name that was ever written into an account's tags must never change.
 */
public final class CapsuleFields {
    private static final String TAG = "tag:";

    private static final String INTERFACE = "eni";

    private static final String USER_DATA = "userData";

    /** Only in the catalogue; see {@link Script#runningSince}. */
    private static final String RUNNING_SINCE = "userDataOfRunningSince";

    private static final String PLACEMENT = "placement";

    /** A field whose name is the id of a subnet or security group holds that resource's name. */
    private static final Pattern NAMED = Pattern.compile("(subnet|sg)-[0-9a-z]+");

    /** The devices and sizes of the volumes that the image lacks. */
    private static final String WITHOUT = "without";

    /** A field with this prefix holds the tags of the volume at the device that follows. */
    private static final String VOLUME = "volume:";

    private static final Pattern DEVICE = Pattern.compile("[A-Za-z0-9/_.-]{1,64}");

    private static final Pattern GIB = Pattern.compile("[0-9]{1,6}");

    private static final Pattern NUMBER = Pattern.compile("[0-9]{1,2}");

    /** Returns every value by its name, in the form of the catalogue. */
    public static Map<String, String> write(Capsule capsule) {
        Map<String, String> fields = inTags(capsule);
        capsule.userData().ifPresent(text -> fields.put(USER_DATA, text));
        capsule.script()
                .runningSince()
                .ifPresent(time -> fields.put(RUNNING_SINCE, time.toString()));
        capsule.tags().forEach((key, value) -> fields.put(TAG + key, value));
        return fields;
    }

    /** The values that go into tags, the most important first. */
    static Map<String, String> inTags(Capsule capsule) {
        Map<String, String> fields = new LinkedHashMap<>();
        put(fields, "type", capsule.type());
        put(fields, "zone", capsule.zone());
        put(fields, "subnet", capsule.subnet());
        put(fields, "groups", String.join("+", capsule.groups()));
        capsule.keyPair().ifPresent(value -> put(fields, "key", value));
        capsule.profile().ifPresent(value -> put(fields, "profile", value));
        capsule.metadata()
                .ifPresent(m -> {
                    put(fields, "tokens", m.tokens());
                    put(fields, "endpoint", m.endpoint());
                    put(fields, "hops", Integer.toString(m.hopLimit()));
                    put(fields, "metadataTags", m.tags());
                    if (!m.ipv6().equals("disabled")) {
                        put(fields, "metadataIpv6", m.ipv6());
                    }
                });
        if (capsule.ebsOptimized()) {
            put(fields, "ebs", "optimized");
        }
        if (capsule.monitored()) {
            put(fields, "monitoring", "detailed");
        }
        put(fields, "tenancy", capsule.tenancy());
        capsule.address().ifPresent(value -> put(fields, "address", value));
        capsule.launchTemplate().ifPresent(value -> put(fields, "template", value));
        capsule.userDataHash().ifPresent(value -> put(fields, "userDataHash", value));
        put(fields, "net0", text(capsule.addresses()));
        put(fields, "options", text(capsule.options()));
        capsule.options().placementGroup().ifPresent(value -> put(fields, PLACEMENT, value));
        put(
                fields,
                WITHOUT,
                capsule.leftOut().stream()
                        .map(disk -> disk.device() + ":" + disk.gib())
                        .collect(Collectors.joining("+")));
        for (Interface one : capsule.interfaces()) {
            put(
                    fields,
                    INTERFACE + one.index(),
                    String.join("/", one.subnet(), String.join("+", one.groups()), one.address()));
            put(fields, "net" + one.index(), text(one.addresses()));
        }
        new TreeMap<>(capsule.names()).forEach((id, name) -> put(fields, id, name));
        capsule.disks().stream()
                .filter(disk -> DEVICE.matcher(disk.device()).matches())
                .forEach(disk -> put(fields, VOLUME + disk.device(), text(disk.tags())));
        return fields;
    }

    private static void put(Map<String, String> fields, String name, String value) {
        if (!value.isEmpty()) {
            fields.put(name, value);
        }
    }

    /** Reads a capsule from these values; empty if they hold none. */
    public static Optional<Capsule> read(Map<String, String> fields) {
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
                                options(fields)),
                        new Network(
                                fields.getOrDefault("zone", ""),
                                fields.getOrDefault("subnet", ""),
                                list(fields.getOrDefault("groups", "")),
                                Optional.ofNullable(fields.get("address")),
                                addresses(fields.getOrDefault("net0", "")),
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
                                Optional.ofNullable(fields.get(USER_DATA)),
                                Optional.ofNullable(fields.get(RUNNING_SINCE)).map(Instant::parse)),
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
                disks.put(device, new Disk(device, known.gib(), known.leftOut(), tagsOf(text)));
            }
        });
        return List.copyOf(disks.values());
    }

    private static String text(Map<String, String> tags) {
        return new TreeMap<>(tags)
                .entrySet().stream()
                        .map(tag -> coded(tag.getKey()) + "=" + coded(tag.getValue()))
                        .collect(Collectors.joining("&"));
    }

    private static String coded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    /** People can edit tags, so whatever cannot be decoded is left out. */
    private static Map<String, String> tagsOf(String text) {
        Map<String, String> tags = new HashMap<>();
        for (String tag : text.split("&", -1)) {
            int equals = tag.indexOf('=');
            if (equals > 0) {
                try {
                    tags.put(
                            URLDecoder.decode(tag.substring(0, equals), StandardCharsets.UTF_8),
                            URLDecoder.decode(tag.substring(equals + 1), StandardCharsets.UTF_8));
                } catch (IllegalArgumentException edited) {
                    // Skip what cannot be decoded.
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
                                    addresses(fields.getOrDefault("net" + index, ""))));
                }
            }
        }
        return interfaces;
    }

    private static List<String> list(String text) {
        return text.isEmpty() ? List.of() : List.of(text.split("\\+", -1));
    }

    /** People can edit tags, so anything that is not a number counts as 0. */
    private static int number(String text) {
        return NUMBER.matcher(text).matches() ? Integer.parseInt(text) : 0;
    }

    private static String text(Addresses addresses) {
        List<String> words = new ArrayList<>();
        if (addresses.secondary() > 0) {
            words.add("more:" + addresses.secondary());
        }
        if (addresses.ipv6() > 0) {
            words.add("ipv6:" + addresses.ipv6());
        }
        addresses.isPublic().ifPresent(it -> words.add(it ? "public" : "private"));
        addresses.elastic().ifPresent(address -> words.add("elastic:" + address));
        if (!addresses.isChecked()) {
            words.add("unchecked");
        }
        return String.join("+", words);
    }

    private static Addresses addresses(String text) {
        List<String> words = list(text);
        return new Addresses(
                after("more:", words).map(CapsuleFields::number).orElse(0),
                after("ipv6:", words).map(CapsuleFields::number).orElse(0),
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

    private static String text(Options options) {
        List<String> words = new ArrayList<>();
        if (options.hibernates()) {
            words.add("hibernates");
        }
        if (options.enclaves()) {
            words.add("enclaves");
        }
        if (!options.recovers()) {
            words.add("unrecovered");
        }
        if (options.spot()) {
            words.add("spot");
        }
        return String.join("+", words);
    }

    private static Options options(Map<String, String> fields) {
        List<String> words = list(fields.getOrDefault("options", ""));
        return new Options(
                words.contains("hibernates"),
                words.contains("enclaves"),
                !words.contains("unrecovered"),
                words.contains("spot"),
                Optional.ofNullable(fields.get(PLACEMENT)));
    }

    private CapsuleFields() {}
}
