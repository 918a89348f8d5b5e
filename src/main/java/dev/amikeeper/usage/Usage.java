package dev.amikeeper.usage;

import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.Texts;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** What uses the images of one Region, according to all probes together. */
public record Usage(List<Report> probes) {
    public Usage {
        probes = List.copyOf(probes);
    }

    /** Combines the reports of these probes. */
    public static Usage of(List<Report> probes) {
        return new Usage(probes);
    }

    /** Returns this with the reports of more probes. */
    public Usage and(List<Report> more) {
        return new Usage(Stream.concat(probes.stream(), more.stream()).toList());
    }

    /**
     * Returns what is known about an image. It is unused only if there is at least one probe and
     * all of them say so.
     */
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

    /** Whether the probes that check single images were not asked about this one. */
    public boolean leftOut(ImageId image) {
        Usage bulk = new Usage(probes.stream().filter(probe -> probe.asked().isEmpty()).toList());
        return !(bulk.of(image) instanceof Answer.Unknown)
                && probes.stream()
                        .flatMap(probe -> probe.asked().stream())
                        .anyMatch(asked -> !asked.contains(image));
    }

    /** Returns what each probe reports about an image, and the time of that information. */
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

        /** Nothing uses it, and every probe answered. */
        record Unused() implements Answer {}

        /** It is unknown, for these reasons. */
        record Unknown(List<String> because) implements Answer {
            public Unknown {
                because = List.copyOf(because);
            }
        }
    }

    /**
     * What one probe reports about one image.
     *
     * @param at the time of the information; a report may be days old
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
     * @param users what uses an image, as {@code instance i-0abc}; an image without an entry is
     *     unused
     * @param unknown why it did not see everything; what it did see still counts
     * @param asked the images that it was asked about, if it knows nothing about any others; empty
     *     if it was asked about all
     * @param own its findings about single images whose reason or date differs from the rest
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

        /** A report about all images of the Region. */
        public Report(
                String name,
                Instant at,
                Map<ImageId, List<String>> users,
                Optional<String> unknown) {
            this(name, at, users, unknown, Optional.empty(), Map.of());
        }

        /** Returns this report, restricted to these images. */
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
