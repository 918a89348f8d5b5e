package dev.amikeeper.image;

import java.util.regex.Pattern;

/** The name of an AWS Region, as {@code eu-west-1}. */
public record Region(String name) implements Comparable<Region> {
    private static final Pattern FORM = Pattern.compile("[a-z]{2,4}(-[a-z]+){1,3}-\\d{1,2}");

    /**
     * Checks the form.
     *
     * @throws IllegalArgumentException if the name cannot be a Region's
     */
    public Region {
        if (!FORM.matcher(name).matches()) {
            throw new IllegalArgumentException("not a Region: " + Texts.quoted(name));
        }
    }

    @Override
    public int compareTo(Region other) {
        return name.compareTo(other.name);
    }

    @Override
    public String toString() {
        return name;
    }
}
