/** Version of the suite, as footers and the records in clusters name it. A test holds it to the packages' own. */
export const version = "0.1.0";
