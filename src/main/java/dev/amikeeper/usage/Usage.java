package dev.amikeeper.usage;

import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.Texts;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** What uses the images of one Region, as every probe together tells. */
public record Usage(List<Report> probes) {
    public Usage {
        probes = List.copyOf(probes);
    }

    /** The answers of these probes together. */
    public static Usage of(List<Report> probes) {
        return new Usage(probes);
    }

    /** With the answers of these probes too. */
    public Usage and(List<Report> more) {
        return new Usage(Stream.concat(probes.stream(), more.stream()).toList());
    }

    /** What is known of an image: unused only if every probe, and at least one, says so. */
    public Answer of(ImageId image) {
        List<Finding> findings = findings(image);
        List<String> users =
                findings.stream().flatMap(finding -> finding.users().stream()).distinct().toList();
        if (!users.isEmpty()) {
            return new Answer.Used(users);
        }
        if (findings.isEmpty()) {
            return new Answer.Unknown(List.of("nothing was asked"));
        }
        List<String> because = findings.stream().flatMap(Finding::because).toList();
        return because.isEmpty() ? new Answer.Unused() : new Answer.Unknown(because);
    }

    /** Whether the probes that are asked about single images were not asked about this one. */
    public boolean leftOut(ImageId image) {
        Usage bulk = new Usage(probes.stream().filter(probe -> probe.asked().isEmpty()).toList());
        return !(bulk.of(image) instanceof Answer.Unknown)
                && probes.stream()
                        .flatMap(probe -> probe.asked().stream())
                        .anyMatch(asked -> !asked.contains(image));
    }

    /** What each probe answers for an image, and of when its answer is. */
    public List<Finding> findings(ImageId image) {
        return probes.stream().map(probe -> probe.of(image)).toList();
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
     * What one probe answers for one image.
     *
     * @param at of when the answer is: a report may be days old
     */
    public record Finding(String probe, Instant at, Answer answer) {
        private List<String> users() {
            return answer instanceof Answer.Used(var by)
                    ? by.stream().map(Texts::plain).toList()
                    : List.of();
        }

        private Stream<String> because() {
            return answer instanceof Answer.Unknown(var because)
                    ? because.stream().map(why -> probe + ": " + Texts.plain(why))
                    : Stream.empty();
        }
    }

    /**
     * What one probe found in the Region.
     *
     * @param name what it looked at, as {@code instances}
     * @param at when it was read
     * @param users what uses an image, as {@code instance i-0abc}; an image without is unused
     * @param unknown why it did not see everything; what it did see still counts
     * @param asked the only images that it was asked about, of any other it knows nothing; empty if
     *     it was asked about all
     * @param own its findings about single images that differ from the rest, in reason or date
     */
    public record Report(
            String name,
            Instant at,
            Map<ImageId, List<String>> users,
            Optional<String> unknown,
            Optional<Set<ImageId>> asked,
            Map<ImageId, Finding> own) {
        public Report {
            users = Map.copyOf(users);
            asked = asked.map(Set::copyOf);
            own = Map.copyOf(own);
        }

        /** Asked about all images of the Region. */
        public Report(
                String name,
                Instant at,
                Map<ImageId, List<String>> users,
                Optional<String> unknown) {
            this(name, at, users, unknown, Optional.empty(), Map.of());
        }

        /** The same, asked about these images only. */
        public Report askedOnly(Set<ImageId> images) {
            return new Report(name, at, users, unknown, Optional.of(images), own);
        }

        private Finding of(ImageId image) {
            Finding single = own.get(image);
            return single == null ? new Finding(name, at, answer(image)) : single;
        }

        private Answer answer(ImageId image) {
            List<String> by = users.getOrDefault(image, List.of());
            if (!by.isEmpty()) {
                return new Answer.Used(by);
            }
            if (asked.isPresent() && !asked.get().contains(image)) {
                return new Answer.Unknown(List.of("not asked"));
            }
            return unknown.<Answer>map(why -> new Answer.Unknown(List.of(why)))
                    .orElseGet(Answer.Unused::new);
        }
    }
}
