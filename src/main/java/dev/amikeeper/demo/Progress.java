package dev.amikeeper.demo;

/** Is told how far a demo has been played. */
public interface Progress extends AutoCloseable {
    /** Tells nobody. */
    Progress NONE =
            new Progress() {
                @Override
                public void played(double days, int images) {}

                @Override
                public void close() {}
            };

    /** This many days have been played, with this many images so far. */
    void played(double days, int images);

    @Override
    void close();
}
