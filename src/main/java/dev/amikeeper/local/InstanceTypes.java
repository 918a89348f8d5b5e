package dev.amikeeper.local;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the names of instance types mean.
 *
 * @see <a href="https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html">
 *     Naming conventions</a>
 */
final class InstanceTypes {
    private static final Pattern GRAVITON = Pattern.compile("(a1|[a-z]+\\d+g[a-z]*)\\..+");
    private static final Pattern TIMES = Pattern.compile(".*\\.(\\d+)xlarge");

    private InstanceTypes() {}

    /** A {@code g} after the generation stands for AWS's own arm64 processors. */
    static String architecture(String type) {
        return GRAVITON.matcher(type).matches() ? "arm64" : "x86_64";
    }

    /** The virtual CPUs of a type, as most families have them. */
    static int vcpus(String type) {
        Matcher times = TIMES.matcher(type);
        if (times.matches()) {
            return 4 * Integer.parseInt(times.group(1));
        }
        return type.endsWith(".xlarge") ? 4 : type.contains(".metal") ? 96 : 2;
    }
}
