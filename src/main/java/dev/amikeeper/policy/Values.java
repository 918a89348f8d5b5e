package dev.amikeeper.policy;

import dev.amikeeper.image.ImageName;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.S3Object;
import dev.amikeeper.image.Texts;
import dev.amikeeper.image.Trigger;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.ZoneId;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Reads single values of a policy file. Each method throws {@link IllegalArgumentException} with
 * what is wrong and what would be right. There is one method per kind of value, and the policy file
 * has many kinds.
 */
final class Values {
    /** The states in which CreateImage accepts instances. */
    static final List<String> STATES = List.of("running", "stopped");

    private static final List<Trigger> EVENTS =
            List.of(Trigger.STOPPED, Trigger.TAGGED, Trigger.REQUESTED);

    private static final int MAX_TAG_KEY = 127;
    private static final int MAX_TAG_VALUE = 255;

    private static final Pattern WHOLE_NUMBER = Pattern.compile("\\d{1,9}");
    private static final Pattern DURATION = Pattern.compile("(\\d{1,6})([a-zA-Z]+)");
    private static final Duration SHORTEST_SPAN = Duration.ofHours(1);
    private static final Duration LONGEST_SPAN = Duration.ofDays(36_500);
    private static final Duration LONGEST_WORK = Duration.ofHours(24);
    private static final Duration LONGEST_SPREAD = Duration.ofHours(12);

    /** EC2 accepts no deprecation date more than ten years ahead. */
    private static final Duration LONGEST_USE = Duration.ofDays(3650);

    /**
     * The days that a suggestion counts for a month: the most that a month has, so that nobody
     * loses an image to a short one.
     */
    private static final int DAYS_A_MONTH = 31;

    private static final Pattern ACCOUNT = Pattern.compile("\\d{12}");
    private static final Pattern ORGANIZATION =
            Pattern.compile("arn:aws[a-z-]*:organizations::\\d{12}:organization/o-[a-z0-9]{10,32}");
    private static final Pattern ORGANIZATIONAL_UNIT =
            Pattern.compile(
                    "arn:aws[a-z-]*:organizations::\\d{12}:ou/o-[a-z0-9]{10,32}"
                            + "/ou-[a-z0-9]{4,32}-[a-z0-9]{8,32}");
    private static final Pattern DEVICE = Pattern.compile("(/dev/)?[a-z][a-z0-9]{1,31}");
    private static final Pattern KMS_KEY =
            Pattern.compile(
                    "alias/[A-Za-z0-9/_-]{1,250}"
                            + "|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
                            + "|mrk-[0-9a-f]{32}"
                            + "|arn:aws[a-z-]*:kms:(?<region>[a-z0-9-]+):\\d{12}:(key|alias)/\\S+");

    private static final Pattern DEFAULT_KEY = Pattern.compile("(^|:)alias/aws/ebs$");

    private static final Pattern SUBNET = Pattern.compile("subnet-[0-9a-z]{1,40}");
    private static final Pattern SECURITY_GROUP = Pattern.compile("sg-[0-9a-z]{1,40}");
    private static final Pattern INSTANCE_TYPE =
            Pattern.compile("[a-z][a-z0-9-]{0,20}\\.[a-z0-9-]{1,20}");
    private static final Pattern DOCUMENT = Pattern.compile("[A-Za-z0-9_.-]{3,128}");

    private Values() {}

    static String policyName(String text) {
        return matching(
                text,
                ImageName.POLICY,
                "bad policy name; write a letter a-z, then up to 39 of a-z, 0-9 and -");
    }

    static String tagKey(String text) {
        if (text.contains("*") || text.contains("?")) {
            throw new IllegalArgumentException(
                    "wildcards work in values only; write the tag's key in full");
        }
        return tagKeyPattern(text);
    }

    static String tagKeyPattern(String text) {
        if (text.isEmpty() || text.length() > MAX_TAG_KEY) {
            throw new IllegalArgumentException(
                    "a tag's key has 1 to 127 characters, not " + text.length());
        }
        return text;
    }

    static String tagPattern(String text) {
        if (text.length() > MAX_TAG_VALUE) {
            throw new IllegalArgumentException(
                    "a tag's value has up to 255 characters, not " + text.length());
        }
        return text;
    }

    static String state(String text) {
        if (!STATES.contains(text)) {
            throw new IllegalArgumentException(
                    "EC2 cannot image an instance in state %s; %s"
                            .formatted(Texts.quoted(text), Nearest.hint(text, STATES)));
        }
        return text;
    }

    static Region region(String text, Set<Region> known) {
        return known.stream()
                .filter(region -> region.name().equals(text))
                .findFirst()
                .orElseThrow(() -> unknown("Region", text, known.stream().map(Region::name)));
    }

    static Trigger event(String text) {
        return EVENTS.stream()
                .filter(event -> event.word().equals(text))
                .findFirst()
                .orElseThrow(() -> unknown("event", text, EVENTS.stream().map(Trigger::word)));
    }

    /**
     * A zone of at most this many letters gets no suggestion, because the nearest one would be on
     * another continent.
     */
    private static final int MISLEADING = 4;

    static ZoneId zone(String text) {
        try {
            return ZoneId.of(text);
        } catch (DateTimeException unknown) {
            String hint =
                    Optional.of(text)
                            .filter(name -> name.length() > MISLEADING)
                            .flatMap(name -> Nearest.of(name, ZoneId.getAvailableZoneIds()))
                            .map(zone -> "did you mean " + Texts.quoted(zone) + "?")
                            .orElse("write one such as Europe/Berlin or UTC");
            throw new IllegalArgumentException(
                    "unknown zone %s; %s".formatted(Texts.quoted(text), hint), unknown);
        }
    }

    /**
     * Reads how long something is kept, or how often it is repeated. Minutes are not allowed:
     * {@code 7m} means seven months in restic's configuration, and whoever means that must not lose
     * all but seven minutes.
     */
    static Duration span(String text) {
        Matcher form = DURATION.matcher(text);
        if (!form.matches()) {
            throw notA("duration", text, "h, d, w or y, such as 48h, 7d, 2w, 1y");
        }
        long number = Long.parseLong(form.group(1));
        Duration unit =
                switch (form.group(2)) {
                    case "h" -> Duration.ofHours(1);
                    case "d" -> Duration.ofDays(1);
                    case "w" -> Duration.ofDays(7);
                    case "y" -> Duration.ofDays(365);
                    case "m" ->
                            throw new IllegalArgumentException(
                                    ("%s may mean minutes or months; for months write days, such as"
                                                    + " %dd; nothing here can be shorter than 1h")
                                            .formatted(
                                                    Texts.quoted(text),
                                                    Math.max(1, number) * DAYS_A_MONTH));
                    default ->
                            throw notA("duration", text, "h, d, w or y, such as 48h, 7d, 2w, 1y");
                };
        return within(SHORTEST_SPAN, unit.multipliedBy(number), LONGEST_SPAN, text);
    }

    /** Reads the age at which an image is deprecated. */
    static Duration deprecation(String text) {
        Duration span = span(text);
        if (span.compareTo(LONGEST_USE) > 0) {
            throw new IllegalArgumentException(
                    "EC2 deprecates an image at most ten years ahead; write at most 3650d, not "
                            + Texts.quoted(text));
        }
        return span;
    }

    /** Reads how long a machine may take for something. */
    static Duration work(String text) {
        Matcher form = DURATION.matcher(text);
        if (!form.matches()) {
            throw notA("time limit", text, "s, m or h, such as 90s, 30m, 2h");
        }
        Duration unit =
                switch (form.group(2)) {
                    case "s" -> Duration.ofSeconds(1);
                    case "m" -> Duration.ofMinutes(1);
                    case "h" -> Duration.ofHours(1);
                    default -> throw notA("time limit", text, "s, m or h, such as 90s, 30m, 2h");
                };
        return within(
                Duration.ofSeconds(1),
                unit.multipliedBy(Long.parseLong(form.group(1))),
                LONGEST_WORK,
                text);
    }

    /**
     * Reads over how much time the images of a slot start. An image must start within 24 hours of
     * its slot, and half of that is left for what goes wrong.
     */
    static Duration spread(String text) {
        Duration spread = work(text);
        if (spread.compareTo(LONGEST_SPREAD) > 0) {
            throw new IllegalArgumentException(
                    "impossible spread %s; write at least 1s and at most 12h"
                            .formatted(Texts.quoted(text)));
        }
        return spread;
    }

    /**
     * Writes a duration as {@link #work} reads it, in the largest unit that it is a multiple of.
     */
    static String text(Duration duration) {
        long seconds = duration.toSeconds();
        if (seconds % 3600 == 0) {
            return seconds / 3600 + "h";
        }
        return seconds % 60 == 0 ? seconds / 60 + "m" : seconds + "s";
    }

    /**
     * Reads the time limit of a command. Run Command gives an agent at least half a minute, and a
     * server should not be frozen for long.
     */
    static Duration commandTime(String text) {
        Duration time = work(text);
        if (time.compareTo(Duration.ofSeconds(30)) < 0 || time.compareTo(Duration.ofHours(1)) > 0) {
            throw new IllegalArgumentException(
                    "impossible time for a command %s; write at least 30s and at most 1h"
                            .formatted(Texts.quoted(text)));
        }
        return time;
    }

    static boolean orNoImage(String text) {
        return switch (text) {
            case "image" -> false;
            case "giveUp" -> true;
            default ->
                    throw new IllegalArgumentException(
                            "not possible: %s; write image or giveUp"
                                    .formatted(Texts.quoted(text)));
        };
    }

    private static IllegalArgumentException notA(String kind, String text, String units) {
        return new IllegalArgumentException(
                "not a %s: %s; write a number and %s".formatted(kind, Texts.quoted(text), units));
    }

    private static Duration within(
            Duration shortest, Duration duration, Duration longest, String text) {
        if (duration.compareTo(shortest) < 0 || duration.compareTo(longest) > 0) {
            throw new IllegalArgumentException(
                    "impossible duration %s; write %s"
                            .formatted(
                                    Texts.quoted(text),
                                    longest.equals(LONGEST_SPAN)
                                            ? "at least 1h and at most 36500d"
                                            : "at least 1s and at most 24h"));
        }
        return duration;
    }

    static boolean bool(String text) {
        return switch (text) {
            case "true" -> true;
            case "false" -> false;
            default ->
                    throw new IllegalArgumentException(
                            "neither true nor false: %s; write one of them"
                                    .formatted(Texts.quoted(text)));
        };
    }

    /** Reads whether to remove images in Regions that are no longer named. */
    static boolean formerRegions(String text) {
        return switch (text) {
            case "keep" -> false;
            case "prune" -> true;
            default ->
                    throw new IllegalArgumentException(
                            "neither keep nor prune: %s; write one of them"
                                    .formatted(Texts.quoted(text)));
        };
    }

    static int count(String text) {
        return number(text, 0, 999_999_999, "a whole number, 0 or more");
    }

    static int positive(String text) {
        return number(text, 1, 999_999_999, "a whole number, 1 or more");
    }

    static int percent(String text) {
        return number(text, 1, 100, "a whole number from 1 to 100");
    }

    private static int number(String text, int least, int most, String wanted) {
        if (WHOLE_NUMBER.matcher(text).matches()) {
            int number = Integer.parseInt(text);
            if (number >= least && number <= most) {
                return number;
            }
        }
        throw new IllegalArgumentException(
                "not possible: %s; write %s".formatted(Texts.quoted(text), wanted));
    }

    static String account(String text) {
        return matching(
                text,
                ACCOUNT,
                "not an account id: %s; write its 12 digits".formatted(Texts.quoted(text)));
    }

    static String organization(String text) {
        return matching(
                text,
                ORGANIZATION,
                ("not an organization: %s; write its ARN, as"
                                + " arn:aws:organizations::111122223333:organization/o-exampleorg1")
                        .formatted(Texts.quoted(text)));
    }

    static String organizationalUnit(String text) {
        return matching(
                text,
                ORGANIZATIONAL_UNIT,
                ("not an organizational unit: %s; write its ARN, as"
                                + " arn:aws:organizations::111122223333:ou/o-exampleorg1"
                                + "/ou-ab12-11111111")
                        .formatted(Texts.quoted(text)));
    }

    /** Reads an account, an organization or an organizational unit; nobody can name everybody. */
    static String shareWith(String text) {
        return Policy.ShareRules.with(List.of(text)).all().getFirst();
    }

    static String device(String text) {
        return matching(
                text,
                DEVICE,
                "not a device name: %s; write it as on the instance, such as /dev/sdf or xvdf"
                        .formatted(Texts.quoted(text)));
    }

    static Policy.UserData userData(String text) {
        return switch (text) {
            case "none" -> Policy.UserData.NONE;
            case "hash" -> Policy.UserData.HASH;
            case "keep" -> Policy.UserData.KEEP;
            default ->
                    throw new IllegalArgumentException(
                            "not possible: %s; write none, hash or keep"
                                    .formatted(Texts.quoted(text)));
        };
    }

    static String subnet(String text) {
        return matching(
                text,
                SUBNET,
                "not a subnet: %s; write its id, as subnet-0abc1234def567890"
                        .formatted(Texts.quoted(text)));
    }

    static String securityGroup(String text) {
        return matching(
                text,
                SECURITY_GROUP,
                "not a security group: %s; write its id, as sg-0abc1234def567890"
                        .formatted(Texts.quoted(text)));
    }

    static String instanceType(String text) {
        return matching(
                text,
                INSTANCE_TYPE,
                "not an instance type: %s; write one such as t3.small"
                        .formatted(Texts.quoted(text)));
    }

    static String check(String text) {
        if (!text.equals("status")) {
            throw new IllegalArgumentException(
                    "unknown check %s; write status, or ssm: {document: NAME}"
                            .formatted(Texts.quoted(text)));
        }
        return text;
    }

    static String parameter(String text) {
        if (text.isBlank()) {
            throw new IllegalArgumentException(
                    "a parameter needs a name; write one of the document's, such as Level");
        }
        return text;
    }

    /** Accepts any text, because only the document knows the valid values. */
    static String parameterValue(String text) {
        return text;
    }

    static String document(String text) {
        return matching(
                text,
                DOCUMENT,
                ("not a Systems Manager document: %s; write its name, of 3 to 128 letters, digits"
                                + " and . - _")
                        .formatted(Texts.quoted(text)));
    }

    /**
     * Reads a bucket's name. A bucket is in one Region, and EC2 stores only images of that Region
     * in it.
     */
    static String bucket(String text, List<Region> homes) {
        boolean inEach = text.contains(Policy.StoreRules.REGION);
        for (Region home : homes) {
            if (!S3Object.isBucket(text.replace(Policy.StoreRules.REGION, home.name()))) {
                throw new IllegalArgumentException(
                        ("not a bucket's name: %s; write 3 to 63 of a-z, 0-9, . and -, with"
                                        + " {region} for the images' Region, if you like")
                                .formatted(Texts.quoted(text)));
            }
        }
        if (homes.size() > 1 && !inEach) {
            throw new IllegalArgumentException(
                    "a bucket is in one Region, and these images are in %d; write {region} in its"
                                    .formatted(homes.size())
                            + " name, such as \"ami-archive-{region}\"");
        }
        return text;
    }

    /**
     * Reads a KMS key for the copies in a Region.
     *
     * @param shared whether other accounts are to use the copies, which AWS's default key prevents
     */
    static String kmsKey(String text, String region, boolean shared) {
        Matcher form = KMS_KEY.matcher(text);
        if (!form.matches()) {
            throw new IllegalArgumentException(
                    "not a KMS key: %s; write its alias, such as alias/dr, its id or its ARN"
                            .formatted(Texts.quoted(text)));
        }
        String keyRegion = form.group("region");
        if (keyRegion != null && !keyRegion.equals(region)) {
            throw new IllegalArgumentException(
                    "this key is in %s; copies in %s need a key there"
                            .formatted(Texts.plain(keyRegion), Texts.plain(region)));
        }
        if (shared && DEFAULT_KEY.matcher(text).find()) {
            throw new IllegalArgumentException(
                    "images encrypted with AWS's default key cannot be shared; write a key of your"
                            + " own that the others may use, such as alias/dr, or leave share out");
        }
        return text;
    }

    private static String matching(String text, Pattern form, String problem) {
        if (!form.matcher(text).matches()) {
            throw new IllegalArgumentException(problem);
        }
        return text;
    }

    private static IllegalArgumentException unknown(
            String kind, String text, Stream<String> words) {
        List<String> all = words.sorted().toList();
        return new IllegalArgumentException(
                "unknown %s %s; %s".formatted(kind, Texts.quoted(text), Nearest.hint(text, all)));
    }
}
