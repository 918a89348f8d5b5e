package dev.amikeeper.retention;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A history, a policy and what is to become of every image, as a file of {@code cases} has it.
 *
 * @param name the policy's
 * @param policy the policy in the words of the policy file; what it selects is left out
 * @param blind why a probe could not see what uses images; empty if all could
 */
record AwkwardCase(
        String name,
        Map<String, Object> policy,
        Instant now,
        Optional<String> blind,
        List<Line> images) {
    /** Begins the line of an image, which every image has to itself. */
    private static final String IMAGE = "  - {slot: ";

    /**
     * One image.
     *
     * @param place its line in the file
     * @param policy of which it was made
     * @param state of its record
     * @param ec2 the state that EC2 shows; {@code missing} if it shows nothing
     * @param tags in EC2, besides ours; {@code none} if ours are gone
     * @param made when it became available; usually its slot
     * @param copied whether a copy of it is being made or waits
     * @param expected what is to become of it, and the rules that keep it
     */
    record Line(
            String place,
            Instant slot,
            String policy,
            String instance,
            String region,
            Optional<String> copyFrom,
            String state,
            String ec2,
            Object tags,
            Instant made,
            boolean adopted,
            List<String> usedBy,
            boolean copied,
            Outcome expected) {
        private static Line of(String place, Object mapping, String policy) {
            YamlFields fields =
                    YamlFields.of(
                            place,
                            mapping,
                            "slot",
                            "policy",
                            "instance",
                            "region",
                            "copyFrom",
                            "state",
                            "ec2",
                            "tags",
                            "made",
                            "adopted",
                            "usedBy",
                            "copied",
                            "expect",
                            "because");
            return new Line(
                    place,
                    Instant.parse(fields.text("slot")),
                    fields.text("policy", policy),
                    fields.text("instance", "i-0a"),
                    fields.text("region", "us-east-1"),
                    fields.find("copyFrom").map(String.class::cast),
                    fields.text("state", "available"),
                    fields.text("ec2", "available"),
                    fields.find("tags").orElse(Map.of()),
                    Instant.parse(fields.text("made", fields.text("slot"))),
                    fields.isTrue("adopted"),
                    fields.texts("usedBy"),
                    fields.isTrue("copied"),
                    new Outcome(fields.text("expect"), fields.texts("because")));
        }

        /** Unique in a case. */
        String key() {
            return String.join(" ", policy, instance, slot.toString(), region);
        }
    }

    /**
     * What becomes of an image.
     *
     * @param word {@code keep}, {@code remove}, {@code finish}, {@code call off}, or {@code
     *     unjudged} if no plan is about it
     * @param because the words of all reasons why it stays, as {@link Reason.ReasonKind#word()}
     */
    record Outcome(String word, List<String> because) {
        @Override
        public String toString() {
            return because.isEmpty() ? word : word + ", because " + because;
        }
    }

    static AwkwardCase read(Path file) throws IOException {
        YamlFields fields = YamlFields.read(file, "name", "policy", "now", "blind", "images");
        String name = fields.text("name", "gold");
        YamlFields policy =
                YamlFields.of(
                        fields.place(),
                        fields.get("policy"),
                        "schedule",
                        "keep",
                        "replicate",
                        "retire",
                        "limits");
        List<String> places = places(file);
        List<?> images = fields.list("images");
        assertThat(images).as(fields.place() + ": one line each").hasSameSizeAs(places);
        List<Line> given = new ArrayList<>();
        for (int i = 0; i < images.size(); i++) {
            given.add(Line.of(places.get(i), images.get(i), name));
        }
        return new AwkwardCase(
                name,
                policy.all(),
                Instant.parse(fields.text("now")),
                fields.find("blind").map(String.class::cast),
                given);
    }

    private static List<String> places(Path file) throws IOException {
        List<String> lines = Files.readAllLines(file);
        List<String> places = new ArrayList<>();
        for (int number = 1; number <= lines.size(); number++) {
            if (lines.get(number - 1).startsWith(IMAGE)) {
                places.add(file.getFileName() + ":" + number);
            }
        }
        return places;
    }
}
