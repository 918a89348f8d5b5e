package dev.amikeeper.retention;

import static org.assertj.core.api.Assertions.assertThat;

import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.policy.Keep;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** The worked examples of restic's documentation of {@code forget}, one file each. */
final class ResticExamplesTest {
    static List<Path> files() throws Exception {
        return YamlFields.files("restic");
    }

    @ParameterizedTest
    @MethodSource("files")
    void keepsWhatResticKeeps(Path file) throws Exception {
        YamlFields fields = YamlFields.read(file, "source", "snapshots", "examples");
        List<Image> images = images(fields);

        assertThat(fields.text("source")).startsWith("https://");
        assertThat(fields.list("examples")).isNotEmpty();
        for (Object one : fields.list("examples")) {
            YamlFields example = YamlFields.of(fields.place(), one, "rules", "keeps");
            List<String> kept = kept(rules(example.get("rules")), images);
            String described = fields.place() + ", " + example.get("rules");
            if (example.get("keeps") instanceof Integer count) {
                assertThat(kept).as(described).hasSize(count);
            } else {
                assertThat(kept).as(described).isEqualTo(example.list("keeps"));
            }
        }
    }

    @Test
    void theFilesAreThere() throws Exception {
        assertThat(files()).hasSizeGreaterThanOrEqualTo(7);
    }

    private static Keep rules(Object rules) {
        return RetentionCases.keep(
                ((Map<?, ?>) rules)
                        .entrySet().stream()
                                .map(rule -> rule.getKey() + ": " + rule.getValue())
                                .collect(Collectors.joining(", ")));
    }

    /** Oldest first, as the files have them. */
    private static List<String> kept(Keep keep, List<Image> images) {
        return Retention.judge(keep, images).entrySet().stream()
                .filter(judged -> !judged.getValue().isEmpty())
                .map(judged -> judged.getKey().name().slot().toString())
                .toList()
                .reversed();
    }

    /** A list of moments, or moments at regular distances. */
    private static List<Image> images(YamlFields fields) {
        List<Instant> times = new ArrayList<>();
        if (fields.get("snapshots") instanceof List<?> list) {
            list.forEach(time -> times.add(Instant.parse((String) time)));
        } else {
            YamlFields regular =
                    YamlFields.of(
                            fields.place(), fields.get("snapshots"), "first", "everyDays", "last");
            Instant last = Instant.parse(regular.text("last"));
            Duration step = Duration.ofDays((Integer) regular.get("everyDays"));
            for (Instant time = Instant.parse(regular.text("first"));
                    !time.isAfter(last);
                    time = time.plus(step)) {
                times.add(time);
            }
        }
        List<Image> images = new ArrayList<>();
        for (Instant time : times) {
            // Of its own, for restic's histories have several in one second.
            ImageId id = new ImageId("ami-%05d".formatted(images.size()));
            images.add(
                    RetentionCases.intent("i-1", time).started(id, 1, time).available(false, time));
        }
        return images;
    }
}
