package dev.amikeeper.restore;

import dev.amikeeper.image.Capsule;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.Region;
import dev.amikeeper.restore.RestorePlan.Difference;
import dev.amikeeper.restore.RestorePlan.MissingPart;

import java.util.ArrayList;
import java.util.List;

/** What a plan finds as it is made: what will differ from the original, and what is missing. */
final class PlanFindings {
    private final List<Difference> differences = new ArrayList<>();

    private final List<MissingPart> missing = new ArrayList<>();

    private final Image image;
    private final Capsule original;

    PlanFindings(Image image, Capsule original) {
        this.image = image;
        this.original = original;
    }

    void differ(String what, String was, String is) {
        if (!was.equals(is)) {
            add(
                    new Difference(
                            what,
                            was.isEmpty() ? "not recorded" : was,
                            is.isEmpty() ? "none" : is));
        }
    }

    MissingPart lacking(String part, String what, String original, String wanted) {
        Region region = image.region();
        String why =
                wanted.isEmpty()
                        ? "the " + what + " is not recorded; name one of " + region
                        : what + " " + named(wanted) + " is not in " + region;
        return new MissingPart(part, original.isEmpty() ? wanted : original, why);
    }

    /** A mapping cannot supply what was explicitly asked for. */
    MissingPart wished(String what, String id) {
        return new MissingPart("wish", "", what + " " + id + " is not in " + image.region());
    }

    private String named(String id) {
        String name = original.names().getOrDefault(id, "");
        return name.isEmpty() ? id : id + " (" + name + ")";
    }

    void add(Difference difference) {
        differences.add(difference);
    }

    void add(MissingPart lack) {
        missing.add(lack);
    }

    List<Difference> differences() {
        return differences;
    }

    List<MissingPart> missing() {
        return missing;
    }
}
