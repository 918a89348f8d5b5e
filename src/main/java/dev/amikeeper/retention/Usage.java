package dev.amikeeper.retention;

import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.Texts;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** What uses the images of one Region, as every probe together tells. */
public record Usage(List<Probe> probes) {
    public Usage {
        probes = List.copyOf(probes);
    }

    /** The answers of these probes together. */
    public static Usage of(List<Probe> probes) {
        return new Usage(probes);
    }

    /** What is known of an image: unused only if every probe, and at least one, says so. */
    public Answer of(ImageId image) {
        List<String> users = probes.stream().flatMap(probe -> probe.of(image)).distinct().toList();
        if (!users.isEmpty()) {
            return new Answer.Used(users);
        }
        if (probes.isEmpty()) {
            return new Answer.Unknown(List.of("nothing was asked"));
        }
        List<String> because = probes.stream().flatMap(Probe::because).toList();
        return because.isEmpty() ? new Answer.Unused() : new Answer.Unknown(because);
    }

    /** Whether something uses an image. */
    public sealed interface Answer {
        /** These use it. */
        record Used(List<String> by) implements Answer {
            public Used {
                by = List.copyOf(by);
            }
        }

        /** Nothing uses it: every probe answered. */
        record Unused() implements Answer {}

        /** Nobody can say, because of this. */
        record Unknown(List<String> because) implements Answer {
            public Unknown {
                because = List.copyOf(because);
            }
        }
    }

    /**
     * What one probe found in the Region.
     *
     * @param name what it looked at, as {@code instances}
     * @param users what uses an image, as {@code instance i-0abc}; an image without is unused
     * @param unknown why it did not see everything; what it did see still counts
     */
    public record Probe(String name, Map<ImageId, List<String>> users, Optional<String> unknown) {
        public Probe {
            users = Map.copyOf(users);
        }

        private Stream<String> of(ImageId image) {
            return users.getOrDefault(image, List.of()).stream().map(Texts::plain);
        }

        private Stream<String> because() {
            return unknown.stream().map(why -> name + ": " + Texts.plain(why));
        }
    }
}
