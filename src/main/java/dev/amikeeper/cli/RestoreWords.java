package dev.amikeeper.cli;

import dev.amikeeper.image.Capsule;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Restore;
import dev.amikeeper.report.Table;
import dev.amikeeper.restore.MissingMapping;
import dev.amikeeper.restore.RestoreOptions;
import dev.amikeeper.restore.RestorePlan;
import dev.amikeeper.restore.RestoreText;

import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What {@code keeper restore} prints for people. */
final class RestoreWords {
    private RestoreWords() {}

    /** The name of a server. */
    static String name(Image image) {
        return image.capsule()
                .map(capsule -> capsule.tags().get("Name"))
                .orElse(image.name().instance().value());
    }

    /** The name of a server, with its id. */
    static String called(Image image) {
        String id = image.name().instance().value();
        String name = name(image);
        return name.equals(id) ? id : name + " (" + id + ")";
    }

    /** Shows the plans of several servers in a table, or in full if any of them lacks something. */
    static Stream<String> plans(List<RestorePlan> plans, boolean several) {
        if (several && plans.stream().allMatch(RestorePlan::isWhole)) {
            return table(plans);
        }
        return plans.stream()
                .filter(plan -> !several || !plan.isWhole())
                .flatMap(plan -> RestoreText.lines(plan).stream());
    }

    private static Stream<String> table(List<RestorePlan> plans) {
        Table table = new Table("lllll");
        table.row("Server", "as of", "image", "type", "subnet");
        plans.forEach(plan ->
                table.row(
                        name(plan.image()),
                        plan.image().name().slot().toString(),
                        plan.image().id().orElseThrow().value(),
                        plan.as().type(),
                        plan.as().subnet()));
        Stream<String> leftOut =
                plans.stream()
                        .filter(plan -> !plan.as().leftOut().isEmpty())
                        .map(plan ->
                                "%s comes back without %s: its image was made without it."
                                        .formatted(
                                                name(plan.image()),
                                                plan.as().leftOut().stream()
                                                        .map(Capsule.Disk::text)
                                                        .collect(Collectors.joining(", "))));
        return Stream.of(table.lines().stream(), leftOut, Stream.of("")).flatMap(lines -> lines);
    }

    /** Shows what is missing, as a mapping file to complete. */
    static String fill(Region where, RestoreOptions.Mapping known, List<MissingMapping> blanks) {
        return blanks.isEmpty()
                ? "Nothing was launched.%n".formatted()
                : "Nothing was launched. Fill this in, and give it with --mapping FILE:%n%n"
                                .formatted()
                        + MappingFile.text(where, known, blanks);
    }

    /** Shows the results of the restores, in the order of their plans. */
    static String ended(List<RestorePlan> plans, List<Restore> ended) {
        StringBuilder text = new StringBuilder();
        Table table = new Table("llllrl");
        table.row("Server", "as of", "Region", "restored as", "took", "");
        for (int i = 0; i < ended.size(); i++) {
            Restore it = ended.get(i);
            table.row(
                    name(plans.get(i).image()),
                    it.of().slot().toString(),
                    it.region().name(),
                    it.instance().map(InstanceId::value).orElse("-"),
                    it.took().map(RestoreWords::words).orElse("-"),
                    end(it));
        }
        text.append(table);
        List<Duration> took = ended.stream().flatMap(it -> it.took().stream()).sorted().toList();
        int back = count(ended, Restore.Outcome.PASSED);
        int failed = count(ended, Restore.Outcome.FAILED);
        text.append(
                "%n%s back%s%s%n"
                        .formatted(
                                ended.size() == 1
                                        ? "The server is" + (back == 1 ? "" : " not")
                                        : "%d of %d servers are".formatted(back, ended.size()),
                                took.size() > 1
                                        ? ", half of them within "
                                                + words(took.get((took.size() - 1) / 2))
                                                + ", all within "
                                                + words(took.getLast())
                                        : "",
                                failed == 0 ? "." : "; keeper failures says what to do."));
        return text.toString();
    }

    /** How many of these have this outcome. */
    static int count(List<Restore> restores, Restore.Outcome outcome) {
        return (int) restores.stream().filter(it -> it.outcome() == outcome).count();
    }

    private static String end(Restore it) {
        return switch (it.outcome()) {
            case PASSED -> "back, checks passed" + (it.note().isEmpty() ? "" : "; " + it.note());
            case FAILED -> it.note();
            case UNDER_WAY -> "under way";
        };
    }

    private static String words(Duration took) {
        return "%d:%02d min".formatted(took.toMinutes(), took.toSecondsPart());
    }
}
