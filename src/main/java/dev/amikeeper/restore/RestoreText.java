package dev.amikeeper.restore;

import dev.amikeeper.image.Image;

import java.util.ArrayList;
import java.util.List;

/** Writes a plan as lines for people. Pure. */
public final class RestoreText {
    private RestoreText() {}

    /** The plan of one server. */
    public static List<String> lines(RestorePlan plan) {
        Image image = plan.image();
        List<String> lines = new ArrayList<>();
        lines.add(
                "%s from %s in %s, as of %s%s"
                        .formatted(
                                image.name().instance(),
                                image.id().orElseThrow(),
                                image.region(),
                                image.name().slot(),
                                image.proven().map(when -> ", passed a drill " + when).orElse("")));
        int width =
                plan.differences().stream()
                        .mapToInt(difference -> difference.what().length())
                        .max()
                        .orElse(0);
        for (RestorePlan.Difference difference : plan.differences()) {
            lines.add(
                    ("  %-" + Math.max(1, width) + "s  %s -> %s")
                            .formatted(
                                    difference.what(),
                                    difference.original(),
                                    difference.restored()));
        }
        plan.missing().forEach(missing -> lines.add("  missing: " + missing.why()));
        return lines;
    }
}
